package storetest

import (
	"testing"

	"github.com/leastkey/leastkey/internal/control"
)

// The suite passes on the model, so what it asks for can be had.
func TestModel(t *testing.T) {
	kept := map[string]*model{}
	Run(t, Factory{Open: func(_ testing.TB, dir string) control.Store {
		m := newModel()
		if old := kept[dir]; old != nil {
			m.now = old.now
		}
		kept[dir] = m
		return m
	}})
}
