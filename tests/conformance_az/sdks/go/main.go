// Reads with the Azure SDK for Go: each line of stdin names a resource, and its answer is one line.
//
// The arguments are Azure Resource Manager's address and the subscription; who signs in, and where,
// stands in the environment as azidentity wants it (AZURE_CLIENT_ID and the like).
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

const patience = time.Minute

// asked is a resource: its type, and the names in its id from the resource group's on.
type asked struct {
	Type  string   `json:"type"`
	Names []string `json:"names"`
}

// answer holds what the SDK's models made of a resource, and of its neighbours in their list.
type answer struct {
	Got    json.RawMessage   `json:"got,omitempty"`
	Listed []json.RawMessage `json:"listed,omitempty"`
	Error  string            `json:"error,omitempty"`
}

func main() {
	if err := serve(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(endpoint, subscription string) error {
	options := azcore.ClientOptions{Cloud: cloud.Configuration{
		ActiveDirectoryAuthorityHost: os.Getenv("AZURE_AUTHORITY_HOST"),
		Services: map[cloud.ServiceName]cloud.ServiceConfiguration{
			cloud.ResourceManager: {Audience: endpoint, Endpoint: endpoint},
		},
	}}
	credential, err := azidentity.NewEnvironmentCredential(&azidentity.EnvironmentCredentialOptions{
		ClientOptions:            options,
		DisableInstanceDiscovery: true,
	})
	if err != nil {
		return err
	}
	known, err := kinds(subscription, credential, &arm.ClientOptions{ClientOptions: options})
	if err != nil {
		return err
	}
	answers := json.NewEncoder(os.Stdout)
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var one asked
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
			return err
		}
		if err := answers.Encode(read(known, one)); err != nil {
			return err
		}
	}
	return nil
}

func read(known map[string]kind, one asked) answer {
	kind, ok := known[one.Type]
	if !ok {
		return answer{Error: "no client reads " + one.Type}
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	got, err := kind.get(ctx, one.Names)
	if err != nil {
		return answer{Error: "GET: " + err.Error()}
	}
	listed, err := kind.list(ctx, one.Names)
	if err != nil {
		return answer{Error: "LIST: " + err.Error()}
	}
	return answer{Got: got, Listed: listed}
}
