package sqlite

// atMost ends a query that gives so many rows. With a parameter alone SQLite would prepare the statement anew
// each time, in case another plan were better for that number.
const atMost = ` LIMIT ? + 0`

// first gives the one row of a query by key.
func first[T any](r reader, scan func(row) T, sql string, args ...any) (T, error) {
	return firstOf(r, func(row row) (T, error) { return scan(row), nil }, sql, args...)
}

// firstOf is first for rows that may turn out damaged.
func firstOf[T any](r reader, scan func(row) (T, error), sql string, args ...any) (found T, err error) {
	err = r.one(sql, func(row row) error {
		v, err := scan(row)
		if err != nil {
			return r.corrupt(err)
		}
		found = v
		return nil
	}, args...)
	return found, err
}

// all gives every row of a query.
func all[T any](r reader, scan func(row) T, sql string, args ...any) ([]T, error) {
	return allOf(r, func(row row) (T, error) { return scan(row), nil }, sql, args...)
}

// allOf is all for rows that may turn out damaged.
func allOf[T any](r reader, scan func(row) (T, error), sql string, args ...any) (list []T, err error) {
	err = r.run(sql, func(row row) error {
		v, err := scan(row)
		if err != nil {
			return r.corrupt(err)
		}
		list = append(list, v)
		return nil
	}, args...)
	if err != nil {
		return nil, err
	}
	return list, nil
}
