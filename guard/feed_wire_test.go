package guard_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/leastkey/leastkey"
)

// A change has everything in the feed that it had, whatever comes to be in one.
func TestFeedKeepsEveryField(t *testing.T) {
	for kind := range reflect.TypeFor[leastkey.Change]().NumField() {
		var c leastkey.Change
		field := reflect.ValueOf(&c).Elem().Field(kind)
		fill(t, field)
		text, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		var back leastkey.Change
		if err := json.Unmarshal(text, &back); err != nil || !reflect.DeepEqual(c, back) {
			t.Errorf("%s\nbecomes %+v (%v)", text, back, err)
		}
	}
}

// fill gives everything a value.
func fill(t *testing.T, v reflect.Value) {
	t.Helper()
	set := func(x any) { v.Set(reflect.ValueOf(x)) }
	switch v.Interface().(type) {
	case time.Time:
		set(time.Date(2030, 1, 2, 3, 4, 5, 6000, time.UTC))
		return
	case leastkey.AddressRange:
		r, err := leastkey.ParseAddressRange("192.0.2.0/24")
		if err != nil {
			t.Fatal(err)
		}
		set(r)
		return
	case leastkey.Effect:
		set(leastkey.Deny)
		return
	case leastkey.Status:
		set(leastkey.Disabled)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(t, v.Elem())
	case reflect.Struct:
		for _, field := range v.Fields() {
			fill(t, field)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(t, v.Index(0))
		fill(t, v.Index(1))
	case reflect.Array:
		for i := range v.Len() {
			fill(t, v.Index(i))
		}
	case reflect.String:
		v.SetString("text")
	case reflect.Uint8:
		v.SetUint(2)
	case reflect.Bool:
		v.SetBool(true)
	default:
		t.Fatalf("a change has a %s: say here what it can be, and in the feed what is understood", v.Type())
	}
}
