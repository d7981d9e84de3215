package api

// Where leaked secrets are handed in. No credential goes along.
const (
	// RevokePath takes the form of RFC 7009: token=<secret>. It is answered with 200 whatever became
	// of it, so that nobody learns what is a secret.
	RevokePath = OperatorPath + "/revoke"
	// SecretScanningPath takes reports of the partner programme for secret scanning.
	SecretScanningPath = OperatorPath + "/secret-scanning"
)
