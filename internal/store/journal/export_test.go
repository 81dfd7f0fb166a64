package journal

// LocalLinesSQL is the query of a local store's snapshot.
const LocalLinesSQL = localLinesSQL
