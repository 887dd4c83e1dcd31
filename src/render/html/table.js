// The rows as a table that can be sorted and searched.

import {select} from "d3-selection";
import {change, moment, size} from "./format.js";
import {amount} from "./data.js";

const AT_FIRST = 200;

function cell_text(column, cell) {
	if (cell === null || cell === undefined)
		return "-";
	if (Array.isArray(cell))
		return cell.length > 1 ? `${size(cell[0])}..${size(cell[1])}`
			: `${column.type === "bytes" ? size(cell[0]) : cell[0]}+`;
	switch (column.type) {
	case "bytes":
		return size(cell);
	case "change":
		return change(cell);
	case "percent":
		return cell.toFixed(1);
	case "time":
		return cell ? moment(cell) : "-";
	default:
		return String(cell);
	}
}

function compare(a, b, type) {
	if (a === null || b === null)
		return (a === null) - (b === null);
	return type === "text" ? String(a).localeCompare(String(b)) : a - b;
}

export class Table {
	constructor(table, search, shown, more) {
		Object.assign(this, {table: select(table), search, shown, more, limit: AT_FIRST});
		this.sort = null;
		search.addEventListener("input", () => this.draw());
		more.addEventListener("click", () => {
			this.limit = Infinity;
			this.draw();
		});
	}

	// Columns have a header, a help text, a type and get(row); `by` is the column to sort by at
	// first.
	show(columns, rows, totals, by) {
		const same = this.sort && columns.some(column => column.name === this.sort.name);

		Object.assign(this, {columns, rows, totals});
		if (!same || this.by !== by)
			this.sort = {name: by, falling: true};
		this.by = by;
		this.draw();
	}

	sorted() {
		const column = this.columns.find(one => one.name === this.sort.name) || this.columns[0];
		const way = this.sort.falling ? -1 : 1, wanted = this.search.value.trim().toLowerCase();
		const key = column.order || (row => amount(column.get(row)));
		const list = this.rows.filter(row => row.find.includes(wanted))
			.map(row => ({row, key: key(row) ?? null}));

		list.sort((a, b) => (a.key === null) - (b.key === null) ||
			way * compare(a.key, b.key, column.type));
		return list.map(one => one.row);
	}

	turn(column) {
		this.sort = this.sort.name === column.name
			? {name: column.name, falling: !this.sort.falling}
			: {name: column.name, falling: column.type !== "text"};
		this.draw();
		this.table.selectAll("th button").filter(one => one.name === column.name).node().focus();
	}

	draw_head() {
		const row = this.table.select("thead").html("").append("tr");
		const state = column => column.name !== this.sort.name ? null
			: this.sort.falling ? "descending" : "ascending";

		const heads = row.selectAll("th").data(this.columns).enter().append("th")
			.attr("scope", "col").attr("class", column => column.type)
			.attr("aria-sort", state);
		heads.filter(column => column.type === "graph").text(column => column.header);
		heads.filter(column => column.type !== "graph").append("button").attr("type", "button")
			.attr("title", column => column.help || null).text(column => column.header)
			.each((column, i, list) => list[i].addEventListener("click", () => this.turn(column)));
	}

	draw_row(row, cells) {
		this.columns.forEach((column, i) => {
			const cell = cells.append(i === 0 ? "th" : "td").attr("class", column.type);

			if (i === 0)
				cell.attr("scope", "row");
			if (column.draw)
				column.draw(row, cell);
			else
				cell.text(cell_text(column, column.get(row)));
		});
	}

	draw() {
		const list = this.sorted(), part = list.slice(0, this.limit);
		const body = this.table.select("tbody").html("");
		const foot = this.table.select("tfoot").html("");

		this.draw_head();
		for (const row of part)
			this.draw_row(row, body.append("tr"));
		if (this.totals) {
			const cells = foot.append("tr");

			this.columns.forEach((column, i) => cells.append(i === 0 ? "th" : "td")
				.attr("class", column.type).attr("scope", i === 0 ? "row" : null)
				.text(i === 0 ? "Total" : column.type === "graph" || column.key ? ""
					: cell_text(column, this.totals(column))));
		}
		this.shown.textContent = part.length === this.rows.length ? `${part.length} rows`
			: `${part.length} of ${this.rows.length} rows`;
		this.more.hidden = part.length === list.length;
	}
}
