//go:build tools

// Names kine's own program, for `go mod tidy`: what tools/compat builds for each release.
package main

import _ "github.com/k3s-io/kine"
