package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/tradefront/tradefront/internal/store"
)

func newFrontRetire(e *env) *cobra.Command {
	var (
		path, storeID string
		force         bool
	)
	c := &cobra.Command{
		Use: "retire ID", Short: "Say that a front is gone for good", Args: cobra.ExactArgs(1),
		Long: "Say that a front, or its local store on a machine that was given up, is gone for good: reports no\n" +
			"longer wait for it. One that is running is left alone, so that after a move to another machine\n" +
			"`front retire ID` retires the old one. If it last said that it holds records, those are in no report\n" +
			"unless its disk can be read: bring the disk back and start the front on it, or give them up with --force.\n" +
			"A front that speaks again is there again.",
		RunE: e.action(func(c *cobra.Command, args []string) error {
			id, err := strconv.ParseInt(args[0], 10, 32)
			if err != nil || id < 1 {
				return fmt.Errorf("%q is no front.id: want a number, see tradefront front list", args[0])
			}
			return withPostgres(c.Context(), e, path, func(pg *store.Postgres) error {
				fronts, err := pg.Fronts(c.Context())
				if err != nil {
					return err
				}
				gone, err := chooseRetired(fronts, int32(id), storeID, force)
				if err != nil {
					return err
				}
				for i := range gone {
					if err := pg.RetireFront(c.Context(), &gone[i]); err != nil {
						return fmt.Errorf("front %d on host %s was heard of in this moment: %w", id, gone[i].Host, err)
					}
					s := showFront(&gone[i])
					fmt.Fprintf(e.out, "retired front %d on host %s, last seen %s; then it held: %s\n", id, s.Host, shown(s.Seen), s.holds())
					if !gone[i].Stopped {
						fmt.Fprintln(e.out, "it did not say goodbye and may have taken logins since: reconcile with its audit log tells which")
					}
				}
				return nil
			})
		}),
	}
	configFlag(c, &path)
	c.Flags().StringVar(&storeID, "store-id", "", "only the local store with this ID, of front list -o json")
	c.Flags().BoolVar(&force, "force", false, "also if it holds records: they will be in no report")
	return c
}

// chooseRetired are the local stores of a front that are not in use, if all of them may go.
func chooseRetired(fronts []store.Front, id int32, storeID string, force bool) ([]store.Front, error) {
	var gone []store.Front
	known, alive := false, ""
	for i := range fronts {
		f := &fronts[i]
		if f.FrontID != id || storeID != "" && f.StoreID.String() != storeID || !f.Retired.IsZero() {
			continue
		}
		known = true
		switch {
		case f.Alive():
			alive = f.Host
		case f.OtherLife && f.Records() > 0 && !force:
			s := showFront(f)
			return nil, fmt.Errorf("another life of front %d on host %s, last seen %s, held records (%s), and an older copy of its local store "+
				"reports now: start the front once on the file as it was then; if that is lost, --force gives them up, and reconcile "+
				"with its audit log tells which they were", id, s.Host, shown(s.Seen), s.holds())
		case (f.Records() > 0 || f.SetAside > 0) && !force:
			s := showFront(f)
			return nil, fmt.Errorf("front %d on host %s, last seen %s, holds records (%s): start it with PostgreSQL in reach and it "+
				"hands them over; if its disk is lost, --force gives them up, and reconcile with its audit log tells which they were",
				id, s.Host, shown(s.Seen), s.holds())
		default:
			gone = append(gone, *f)
		}
	}
	switch {
	case !known:
		return nil, fmt.Errorf("no front %s is known that is not retired; see: tradefront front list --all",
			strings.TrimSpace(fmt.Sprint(id, " ", storeID)))
	case len(gone) == 0:
		return nil, fmt.Errorf("front %d is running on host %s: stop it first", id, alive)
	}
	return gone, nil
}
