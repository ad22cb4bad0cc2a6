package main

import (
	"context"
	"encoding/json"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

// A getter decodes one resource into the SDK's model, and writes what the model holds; a lister does
// so with all pages of the list that the resource is in. Both get the names in the resource's id.
type (
	getter func(context.Context, []string) (json.RawMessage, error)
	lister func(context.Context, []string) ([]json.RawMessage, error)
)

// kind is how one type is read.
type kind struct {
	get  getter
	list lister
}

// The digit is the number of names that a client's method takes.

func get2[R, O any](get func(context.Context, string, string, *O) (R, error), options *O) getter {
	return func(ctx context.Context, n []string) (json.RawMessage, error) {
		return written(get(ctx, n[0], n[1], options))
	}
}

func get3[R, O any](
	get func(context.Context, string, string, string, *O) (R, error), options *O,
) getter {
	return func(ctx context.Context, n []string) (json.RawMessage, error) {
		return written(get(ctx, n[0], n[1], n[2], options))
	}
}

func get4[R, O any](
	get func(context.Context, string, string, string, string, *O) (R, error), options *O,
) getter {
	return func(ctx context.Context, n []string) (json.RawMessage, error) {
		return written(get(ctx, n[0], n[1], n[2], n[3], options))
	}
}

func pages1[P, O any](pager func(string, *O) *runtime.Pager[P]) lister {
	return func(ctx context.Context, n []string) ([]json.RawMessage, error) {
		return items(ctx, pager(n[0], nil))
	}
}

func pages2[P, O any](pager func(string, string, *O) *runtime.Pager[P]) lister {
	return func(ctx context.Context, n []string) ([]json.RawMessage, error) {
		return items(ctx, pager(n[0], n[1], nil))
	}
}

func pages3[P, O any](pager func(string, string, string, *O) *runtime.Pager[P]) lister {
	return func(ctx context.Context, n []string) ([]json.RawMessage, error) {
		return items(ctx, pager(n[0], n[1], n[2], nil))
	}
}

// list2 is for a list that the SDK gives whole.
func list2[L, O any](list func(context.Context, string, string, *O) (L, error)) lister {
	return func(ctx context.Context, n []string) ([]json.RawMessage, error) {
		return itemsOf(list(ctx, n[0], n[1], nil))
	}
}

// alone is for what is in no list.
func alone(context.Context, []string) ([]json.RawMessage, error) { return nil, nil }

func written(model any, err error) (json.RawMessage, error) {
	if err != nil {
		return nil, err
	}
	return json.Marshal(model)
}

func items[P any](ctx context.Context, pager *runtime.Pager[P]) ([]json.RawMessage, error) {
	var all []json.RawMessage
	for pager.More() {
		some, err := itemsOf(pager.NextPage(ctx))
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

func itemsOf[P any](page P, err error) ([]json.RawMessage, error) {
	text, err := written(page, err)
	if err != nil {
		return nil, err
	}
	var list struct{ Value []json.RawMessage }
	err = json.Unmarshal(text, &list)
	return list.Value, err
}
