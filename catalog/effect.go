package catalog

import "github.com/leastkey/leastkey"

// readEffects reads creates, deletes, renames and moves: what becomes of the registry after a success.
func (b *builder) readEffects(e entry, op *Operation) {
	if creates := e.key("creates"); creates.present() {
		ce := creates.entry("creates", "id", "name", "type")
		op.Creates = &Creates{ID: ce.needPointer("id", "creates"), Type: b.createdType(ce, op)}
		if name := ce.key("name"); name.present() {
			op.Creates.Name = name.pointer("name")
		}
	}
	if op.Target.ID.Indirect() {
		for _, effect := range []string{"deletes", "renames", "moves"} {
			if v := e.key(effect); v.present() {
				v.wrong(op.String()+" "+effect+" its target, and what it names only leads there", "remove "+effect+", or name the target by its id")
				return
			}
		}
	}
	if deletes := e.key("deletes"); deletes.present() {
		if text, _ := deletes.text("deletes"); text != "target" {
			deletes.wrong("unknown deletes "+quote(text), "write deletes: target")
		}
		if op.Target.Kind != RuleOne {
			deletes.wrong(op.String()+" deletes its target, which is not one resource", "write target: {TYPE: path.NAME}, or remove deletes")
		}
		op.Deletes = true
	}
	if renames := e.key("renames"); renames.present() {
		b.onOne(renames, op, "renames")
		op.Renames = renames.entry("renames", "name").needPointer("name", "renames")
	}
	if moves := e.key("moves"); moves.present() && b.onOne(moves, op, "moves") {
		op.Moves = b.moves(moves, op)
	}
}

// createdType reads what is made below a target that is not itself what is made.
func (b *builder) createdType(creates entry, op *Operation) leastkey.ResourceType {
	given := creates.key("type")
	switch {
	case op.Target.Kind == RuleCreate && given.present():
		given.wrong(op.String()+" says twice what it creates", "remove type")
	case op.Target.Kind == RuleCreate:
	case op.Target.Kind != RuleOne || !given.present():
		creates.wrong(op.String()+" creates something and its target is not a create",
			"write target: {create: TYPE, under: {...}}; or creates: {type: TYPE, id: /id} for what is made below a target; or remove creates")
	default:
		t, ok := b.knownType(creates, "type", "creates")
		if ok && b.c.byType[t].Parent != op.Target.Type {
			given.wrong("the parent of a "+string(t)+" is not of type "+string(op.Target.Type), "name a type whose parent the target is")
		}
		return t
	}
	return ""
}

// onOne reports whether the target is one resource, which alone can be renamed and moved.
func (b *builder) onOne(v value, op *Operation, what string) bool {
	if op.Target.Kind != RuleOne {
		v.wrong(op.String()+" "+what+" its target, which is not one resource", "write target: {TYPE: path.NAME}, or remove "+what)
	}
	return op.Target.Kind == RuleOne
}

// moves reads {under: {TYPE: source}}.
func (b *builder) moves(v value, op *Operation) *Moves {
	parent := b.c.byType[op.Target.Type].Parent
	under := v.entry("moves", "under").key("under")
	ue := under.entry("under")
	if len(ue.keys) != 1 || parent == "" {
		under.wrong(op.String()+" does not say under which "+string(parent)+" its target moves", "write moves: {under: {"+string(parent)+": body./"+string(parent)+"/id}} or the like")
		return nil
	}
	m := &Moves{}
	if m.Under, m.In = b.resourceAt(ue.keys[0], ue, op); m.Under != "" && m.Under != parent {
		under.wrong("the parent of a "+string(op.Target.Type)+" is of type "+string(parent)+", not "+string(m.Under), "write under: {"+string(parent)+": source}")
	}
	return m
}

// readServiceKey reads whether the operation takes service keys, which are for one product of an API.
func (b *builder) readServiceKey(e entry, op *Operation) {
	v := e.key("service_key")
	if !v.present() {
		return
	}
	switch text, _ := v.text("service_key"); text {
	case "true":
		op.ServiceKey = true
	case "false":
	default:
		v.wrong("service_key "+quote(text)+" is neither true nor false", "write service_key: true")
	}
	if op.ServiceKey && (op.Access != ByPermission || op.Control) {
		v.wrong(op.String()+" takes service keys, and no permission bounds what they do", "write any_of: [...], or remove service_key")
	}
}

// readUpgrade reads the protocol in which a connection may go on.
func (b *builder) readUpgrade(e entry, op *Operation) {
	v := e.key("upgrade")
	if !v.present() {
		return
	}
	if text, _ := v.text("upgrade"); text != "websocket" {
		v.wrong("unknown upgrade "+quote(text), "write upgrade: websocket")
	}
	if op.Method != "GET" || op.Target.Kind == RuleList {
		v.wrong(op.String()+" cannot be upgraded", "use upgrade for a GET that is not a list")
	}
	op.Upgrade = "websocket"
}
