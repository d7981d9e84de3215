package control

import (
	"context"

	"github.com/leastkey/leastkey/catalog"
)

// Catalog is the catalogue in force. A use case that changes something goes by one from its
// beginning to its end.
func (c *Control) Catalog() *catalog.Catalog { return c.catalog.Load() }

// UseCatalog puts another catalogue in force, here and on the nodes of this process; only the
// operator may. It is an act: when it cannot be recorded, the old one stays. What tokens and roles
// name that the new one does not have grants nothing as long as that is so.
func (c *Control) UseCatalog(ctx context.Context, caller Caller, next *catalog.Catalog) error {
	return c.act(ctx, caller, operatorOnly, attempt{"catalog.change", "catalogue"}, func(_ Tx, _ authority, done *deed) error {
		was := c.Catalog()
		done.before, done.after = describedCatalog(was), describedCatalog(next)
		done.then = func() {
			c.catalog.Store(next)
			c.nodes.UseCatalog(next)
		}
		return nil
	})
}

func describedCatalog(c *catalog.Catalog) any {
	own := c.Own()
	return struct {
		SHA256     string `json:"sha256"`
		Groups     int    `json:"permission_groups"`
		Operations int    `json:"operations"`
	}{c.Digest(), own.Groups, own.Operations}
}
