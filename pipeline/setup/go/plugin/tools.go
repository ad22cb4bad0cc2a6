// Pins what `go build` in this folder builds; see pipeline/setup/golang.py.
//go:build tools

package tools

import _ "github.com/hashicorp/packer-plugin-azure"
