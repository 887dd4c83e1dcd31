// The data that the page shows. html.c and html_series.c write it.

// A series as numbers, null where a value is unknown.
function decode(series) {
	const list = [];
	let last = 0;

	for (const step of series.steps) {
		if (Array.isArray(step)) {
			for (let i = 0; i < step[0]; i++)
				list.push(list[list.length - 1]);
		} else if (step === null) {
			list.push(null);
		} else {
			last += step;
			list.push(last * series.unit);
		}
	}
	return list;
}

// A number for sorting and drawing: the lower one of two bounds; null if nothing is known.
export function amount(cell) {
	return Array.isArray(cell) ? cell[0] : cell;
}

const text = (cell, column) =>
	cell === null ? "-" : column.type === "bytes" ? String(amount(cell)) : String(cell);

// The values of a row for each key; a key may have several columns.
const join = (data, key, cell) =>
	data.keys[key].map((column, i) => text(cell(column, i), data.columns[column])).join(" ");

function make_row(data, cells, track) {
	const keys = data.keys.map((columns, key) => join(data, key, column => cells[column]));

	return {keys, cells, name: keys.join(" · "), find: keys.join(" ").toLowerCase(),
		values: track ? decode(track.values) : null, peak: track ? track.peak : 0,
		peak_time: track ? track.peak_time : 0};
}

function size_column(data) {
	const sizes = data.columns.map((column, i) => i).filter(i => data.columns[i].type === "bytes");
	const named = name => sizes.find(i => data.columns[i].name === name);

	return named(data.timeline ? data.timeline.column : "pss") ?? named("after") ?? sizes[0] ?? -1;
}

function load_timeline(data) {
	const t = data.timeline;

	t.times = decode(t.times);
	t.total = decode(t.total);
	t.available = decode(t.available);
	t.swapped = decode(t.swapped);
	t.gaps = new Set(t.gaps);
	t.stacks = t.stacks.map((stack, key) => stack.map(one =>
		({name: join(data, key, (column, i) => one.names[i]), values: decode(one.values)})));
	data.rows = t.tracks.filter(track => track.row).map(track => make_row(data, track.row, track));
}

export const shown = (data, row, column) => text(row.cells[column], data.columns[column]);

export function load() {
	const data = JSON.parse(document.getElementById("data").textContent);

	data.keys = data.by.map((name, key) =>
		data.columns.map((column, i) => i).filter(i => data.columns[i].key === key));
	data.size = size_column(data);
	data.sides = data.source === "diff" ? ["before", "after"].map(name =>
		data.columns.findIndex(one => one.name === name)) : null;
	if (data.timeline)
		load_timeline(data);
	else
		data.rows = data.rows.filter(cells => cells).map(cells => make_row(data, cells, null));
	return data;
}

// The column that has the sizes of an instant; -1 if there is none.
const column_at = (data, at) => data.sides ? data.sides[at] : data.size;

// The size of a row at an instant. A comparison has two; other data without a timeline, one.
export function size_of(data, row, at) {
	const column = column_at(data, at);

	return data.timeline ? row.values[at] : column < 0 ? null : amount(row.cells[column]);
}

export function total_of(data, at) {
	const column = column_at(data, at);

	return data.timeline ? data.timeline.total[at]
		: column < 0 ? 0 : amount(data.totals[column]) ?? 0;
}
