package catalog_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/leastkey/leastkey/catalog"
)

func TestParsePointer(t *testing.T) {
	tests := []struct {
		text string
		want catalog.Pointer
		ok   bool
	}{
		{"", catalog.Pointer{}, true},
		{"/", catalog.Pointer{""}, true},
		{"/account/id", catalog.Pointer{"account", "id"}, true},
		{"/a~1b/m~0n/~01", catalog.Pointer{"a/b", "m~n", "~1"}, true},
		{"/0//x", catalog.Pointer{"0", "", "x"}, true},
		{"account", nil, false},
		{"#/account", nil, false},
		{"/a~", nil, false},
		{"/a~2", nil, false},
		{"/~~0", nil, false},
	}
	for _, test := range tests {
		got, err := catalog.ParsePointer(test.text)
		if (err == nil) != test.ok || !slices.Equal(got, test.want) {
			t.Errorf("%q: %q, %v", test.text, got, err)
		}
	}
}

func TestPointerReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := catalog.Pointer(rapid.SliceOf(rapid.StringOf(rapid.SampledFrom([]rune("ab/~01")))).Draw(t, "pointer"))
		if back, err := catalog.ParsePointer(p.String()); err != nil || !slices.Equal(back, p) {
			t.Fatalf("%q reads back as %q, %v", p.String(), back, err)
		}
	})
}
