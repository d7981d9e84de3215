// Package draft is a token as a form has it: what somebody chose and typed so far, right or wrong.
//
// A [Draft] comes from the fields of a form ([Parse]), from a stored token ([From]), from a template
// ([FromTemplate]) or from a link that prefills the form ([FromLink]). [Draft.Compile] makes of it
// what the control plane takes, or says what is wrong beside which field. Nothing here grants
// anything: what compiles is still held to the rules of the control plane.
//
// An edit loses nothing and widens nothing: a token that goes through From and Compile comes out with
// the same policies, with the same ids, in the same order. A policy that the form has no fields for is
// a rule that is kept as it is stored.
package draft
