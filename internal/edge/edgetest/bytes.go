package edgetest

import "testing"

// Hostile hands every hostile request, and a request that is in order right behind it, to what tries
// them on a server alone, without an upstream.
func (w *World) Hostile(t *testing.T, try func(t *testing.T, raw string)) {
	for _, v := range hostile() {
		t.Run(v.name, func(t *testing.T) { try(t, w.Fill(v.raw)+w.probe()) })
	}
}
