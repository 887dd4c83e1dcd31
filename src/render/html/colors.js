// The largest names have a color of their own, the same in every chart; all others are gray.

const palette = ["#4269d0", "#efb118", "#ff725c", "#6cc5b0", "#3ca951", "#ff8ab7", "#a463f2",
	"#97bbf5", "#b07d62", "#c7c94b"];

export function make_colors(names) {
	return new Map(names.slice(0, palette.length).map((name, i) => [name, palette[i]]));
}

const linear = part => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;

// Black or white, whichever is easier to read on a color.
export function on(color) {
	const [r, g, b] = [1, 3, 5].map(at => linear(parseInt(color.slice(at, at + 2), 16) / 255));
	const light = 0.2126 * r + 0.7152 * g + 0.0722 * b;

	return (light + 0.05) / 0.05 > 1.05 / (light + 0.05) ? "#000000" : "#ffffff";
}
