package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/leastkey/leastkey/internal/audit"
	"github.com/leastkey/leastkey/internal/control"
)

// auditKey is where the key is kept that signs checkpoints, unless another is configured.
const auditKey = "audit.key"

// auditSigner reads the key that signs checkpoints of the audit log, or makes one in the data directory.
func auditSigner(data, configured string) (*audit.Signer, error) {
	if configured != "" {
		return audit.NewSigner(configured)
	}
	path := filepath.Join(data, auditKey)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return newAuditKey(path)
	}
	if err != nil {
		return nil, err
	}
	signer, err := audit.NewSigner(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return signer, nil
}

// newAuditKey writes a new key where none is.
func newAuditKey(path string) (*audit.Signer, error) {
	key, err := audit.NewKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	_, err = f.WriteString(key + "\n")
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, errors.Join(err, os.Remove(path))
	}
	return audit.NewSigner(key)
}

// keepAudit removes rows that are older than they are to be kept, and logs the state of the log, signed:
// where logs are kept elsewhere, so is that.
func (n *node) keepAudit(ctx context.Context) {
	if n.keep > 0 {
		gone, err := n.control.PruneAudit(ctx, time.Now().Add(-n.keep))
		if err != nil {
			n.log.Error("old rows of the audit log were not removed", "error", err)
		} else if gone > 0 {
			n.log.Info("old rows of the audit log were removed", "rows", gone)
		}
	}
	size, root, err := n.control.AuditTree(ctx, control.Operator())
	if err != nil {
		n.log.Error("the audit log has no checkpoint", "error", err)
		return
	}
	signed, err := n.signer.Sign(audit.Checkpoint{Size: size, Root: root})
	if err != nil {
		n.log.Error("the audit log has no checkpoint", "error", err)
		return
	}
	n.log.Info("checkpoint of the audit log", "rows", size, "checkpoint", string(signed))
}
