package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/api"
	"github.com/leastkey/leastkey/catalog"
)

// rightsFlags say what a token may do, from where and until when.
type rightsFlags struct {
	catalogFlag
	Template  string   `placeholder:"NAME" help:"Start from a template, such as \"Edit zone DNS\"."`
	Zone      []string `placeholder:"ZONE" sep:"none" help:"Zone that the template is for, by name or id; repeatable."`
	On        []string `placeholder:"RESOURCE" sep:"none" help:"Resource that the template is for: zone:NAME_OR_ID, account:NAME_OR_ID, \"every zone\", \"every zone of account:NAME\"; repeatable."`
	Allow     []string `placeholder:"RIGHT" sep:"none" help:"Allow \"GROUP on RESOURCE\", such as \"DNS Write on zone:staging.example\"; repeatable."`
	Deny      []string `placeholder:"RIGHT" sep:"none" help:"Deny \"GROUP on RESOURCE\"; deny wins over allow; repeatable."`
	IP        []string `name:"ip" placeholder:"CIDR" help:"Only from these addresses; repeatable."`
	NotIP     []string `name:"not-ip" placeholder:"CIDR" help:"Never from these addresses; repeatable."`
	Expires   string   `placeholder:"WHEN" help:"End: 30d, 12h, 2w, a date, RFC 3339, or never."`
	NotBefore string   `placeholder:"WHEN" help:"Begin, in the same forms."`
}

// anyPolicy reports whether flags say what the token may do.
func (f rightsFlags) anyPolicy() bool { return f.Template != "" || len(f.Allow) > 0 || len(f.Deny) > 0 }

// policies resolves template, --allow and --deny, in this order.
func (f rightsFlags) policies(ctx context.Context, a *app, r *resolver) ([]api.Policy, error) {
	grants, err := f.templateGrants(a)
	if err != nil {
		return nil, err
	}
	for _, list := range []struct {
		effect leastkey.Effect
		texts  []string
	}{{leastkey.Allow, f.Allow}, {leastkey.Deny, f.Deny}} {
		for _, text := range list.texts {
			g, err := parseGrant(list.effect, text)
			if err != nil {
				return nil, err
			}
			grants = append(grants, g)
		}
	}
	return r.policies(ctx, grants)
}

func (f rightsFlags) templateGrants(a *app) ([]grant, error) {
	places, err := f.places()
	if err != nil {
		return nil, err
	}
	if f.Template == "" {
		if len(places) > 0 {
			return nil, errors.New("--zone and --on go with --template; without one, write --allow \"GROUP on RESOURCE\"")
		}
		return nil, nil
	}
	cat, err := f.catalog(a)
	if err != nil {
		return nil, err
	}
	template, known := cat.TemplateNamed(f.Template)
	if !known {
		var names []string
		for _, t := range cat.Templates() {
			names = append(names, fmt.Sprintf("%q", t.Name))
		}
		return nil, fmt.Errorf("no template is called %q: there are %s. Those of a catalogue of your own are found with --catalog FILE", f.Template, strings.Join(names, ", "))
	}
	var grants []grant
	for _, resource := range template.Resources {
		on, err := chosen(resource, &places)
		if err != nil {
			return nil, fmt.Errorf("template %q: %w", template.Name, err)
		}
		for _, group := range template.Permissions {
			if group.Type != resource.Type {
				continue
			}
			for _, p := range on {
				grants = append(grants, grant{leastkey.Allow, group.ID.String(), p})
			}
		}
	}
	if len(places) > 0 {
		return nil, fmt.Errorf("template %q is not about a chosen %s", template.Name, places[0].kind)
	}
	return grants, nil
}

func (f rightsFlags) places() ([]place, error) {
	var places []place
	for _, zone := range f.Zone {
		places = append(places, place{kind: "zone", name: zone})
	}
	for _, text := range f.On {
		p, err := parsePlace(text)
		if err != nil {
			return nil, err
		}
		places = append(places, p)
	}
	return places, nil
}

// chosen says which resources of one type a template is for, and takes them from places.
func chosen(r catalog.TemplateResource, places *[]place) ([]place, error) {
	kind := string(r.Type)
	switch r.Choice {
	case catalog.All:
		return []place{{kind: kind, every: true}}, nil
	case catalog.Self:
		return []place{{kind: kind}}, nil
	}
	var on, rest []place
	for _, p := range *places {
		if p.kind == kind {
			on = append(on, p)
		} else {
			rest = append(rest, p)
		}
	}
	*places = rest
	if len(on) == 0 && kind == "zone" {
		return nil, errors.New("for which zone? Add --zone NAME, or --on \"every zone\"")
	}
	if len(on) == 0 {
		return nil, fmt.Errorf("for which %s? Add --on %s:ID, or --on \"every %s\"", kind, kind, kind)
	}
	return on, nil
}

// condition reads --ip and --not-ip, over what was before.
func (f rightsFlags) condition(before api.Condition) (api.Condition, error) {
	c := before
	for _, list := range []struct {
		flag  string
		texts []string
		to    *[]leastkey.AddressRange
	}{{"--ip", f.IP, &c.In}, {"--not-ip", f.NotIP, &c.NotIn}} {
		if len(list.texts) == 0 {
			continue
		}
		var ranges []leastkey.AddressRange
		for _, text := range list.texts {
			r, err := leastkey.ParseAddressRange(text)
			if err != nil {
				return c, fmt.Errorf("%s: %w", list.flag, err)
			}
			if !slices.Contains(ranges, r) {
				ranges = append(ranges, r)
			}
		}
		*list.to = ranges
	}
	return c, nil
}

// validity reads --expires and --not-before, over what was before.
func (f rightsFlags) validity(notBefore, expiresOn api.Time, now time.Time) (api.Time, api.Time, error) {
	if f.NotBefore != "" {
		t, err := when(f.NotBefore, now)
		if err != nil {
			return notBefore, expiresOn, fmt.Errorf("--not-before: %w", err)
		}
		notBefore = api.At(t)
	}
	if f.Expires != "" {
		t, err := when(f.Expires, now)
		if err != nil {
			return notBefore, expiresOn, fmt.Errorf("--expires: %w", err)
		}
		if !t.IsZero() && !t.After(now) {
			return notBefore, expiresOn, fmt.Errorf("--expires: %s is in the past", api.At(t).UTC().Format(time.RFC3339))
		}
		expiresOn = api.At(t)
	}
	if !notBefore.IsZero() && !expiresOn.IsZero() && !notBefore.Before(expiresOn.Time) {
		return notBefore, expiresOn, errors.New("the token would end before it begins")
	}
	return notBefore, expiresOn, nil
}
