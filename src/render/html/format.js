// Sizes as in the table of a terminal; times in the time zone of the machine that shows the page.

const units = ["", "K", "M", "G", "T", "P", "E"];

export function size(bytes) {
	let value = bytes, unit = 0;

	while (value >= 999.5 && unit < units.length - 1) {
		value /= 1024;
		unit++;
	}
	return (unit > 0 && value < 9.95 ? value.toFixed(1) : Math.round(value)) + units[unit];
}

export function change(bytes) {
	return bytes === 0 ? "0" : (bytes < 0 ? "−" : "+") + size(Math.abs(bytes));
}

export function percent(part, whole) {
	return whole > 0 ? (100 * part / whole).toFixed(1) + " %" : "-";
}

const two = number => String(number).padStart(2, "0");

export function clock(ms) {
	const time = new Date(ms);

	return [time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(":");
}

export function moment(ms) {
	const time = new Date(ms);

	return [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join("-") + " " +
		clock(ms);
}

// A label for an axis: the date at midnight, and seconds only if there are any.
export function tick(time) {
	if (time.getHours() + time.getMinutes() + time.getSeconds() === 0)
		return moment(+time).slice(5, 10);
	return clock(+time).slice(0, time.getSeconds() ? 8 : 5);
}

export function zone() {
	return Intl.DateTimeFormat().resolvedOptions().timeZone || "local time";
}

// Multiples of a power of two, so that they are round numbers of K, M or G.
export function ticks(most, count) {
	const list = [];
	let step = 1024;

	while (most / step > count)
		step *= 2;
	for (let value = 0; value <= most; value += step)
		list.push(value);
	return list;
}
