package draft

import "strconv"

// The names of the form's fields.
const (
	NameField   = "name"
	StatusField = "status"
	InField     = "in"
	NotInField  = "not_in"

	NotBeforeField     = "not_before"
	NotBeforeTimeField = "not_before_time"
	ExpiresOnField     = "expires_on"
	ExpiresOnTimeField = "expires_on_time"
)

// RuleField names a field of a rule: "effect", "policy", "exclusion" or "kept".
func RuleField(rule int, part string) string { return "rule-" + strconv.Itoa(rule) + "-" + part }

// PermissionField names a field of a permission: "type", "group" or "access"; "" is the one field that
// stands for the three.
func PermissionField(rule, row int, part string) string {
	return rowField(rule, "permission", row, part)
}

// ResourceField names a field of a resource: "type", "mode", "extent", "id" (repeated), "parent" or "find";
// "of" has the type that the others were chosen for.
func ResourceField(rule, row int, part string) string { return rowField(rule, "resource", row, part) }

func rowField(rule int, kind string, row int, part string) string {
	name := RuleField(rule, kind+"-"+strconv.Itoa(row))
	if part != "" {
		name += "-" + part
	}
	return name
}
