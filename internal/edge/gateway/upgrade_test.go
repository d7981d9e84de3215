package gateway

const sampleKey = "dGhlIHNhbXBsZSBub25jZQ=="
