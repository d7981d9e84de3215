package web

// Hostile is what users might choose as a name.
const Hostile = hostile

// PageFaults finds what no page may have or lack.
func PageFaults(page string) []string { return pageFaults(page, false) }

// MostExported is how many rows a CSV file has at most.
const MostExported = mostExported

// ActWords says what was done.
func ActWords(action string) string { return actWords(action) }
