#include "heaps/cfi.h"

#include <stddef.h>
#include <string.h>

/* Numbers of registers in DWARF for x86-64. */
enum { RBP = 6, RSP = 7, RETURN_ADDRESS = 16 };

/* Encodings of pointers. */
enum { UDATA4 = 3, SDATA4 = 0xb, PCREL = 0x10, DATAREL = 0x30 };

enum opcode {
	NOP = 0,
	ADVANCE_LOC1 = 2,
	ADVANCE_LOC2,
	ADVANCE_LOC4,
	OFFSET_EXTENDED,
	RESTORE_EXTENDED,
	UNDEFINED,
	SAME_VALUE,
	REGISTER,
	REMEMBER_STATE,
	RESTORE_STATE,
	DEF_CFA,
	DEF_CFA_REGISTER,
	DEF_CFA_OFFSET,
	DEF_CFA_EXPRESSION,
	EXPRESSION,
	OFFSET_EXTENDED_SF,
	DEF_CFA_SF,
	DEF_CFA_OFFSET_SF,
	VAL_OFFSET,
	VAL_OFFSET_SF,
	VAL_EXPRESSION,
	GNU_ARGS_SIZE = 0x2e,
	/* in the two upper bits, with an operand in the lower six */
	ADVANCE_LOC = 0x40,
	OFFSET = 0x80,
	RESTORE = 0xc0,
	WITH_OPERAND = 0xc0,
};

/* Where a register was saved. */
struct saved {
	enum { SAME, AT_CFA, ELSEWHERE } how;
	int64_t offset;
};

struct state {
	uint64_t cfa_register;
	int64_t cfa_offset;
	bool cfa_known;
	struct saved rbp, address;
};

struct bytes {
	const unsigned char *at, *end;
	bool bad;
};

/* Bytes. */

static uint64_t take(struct bytes *b, size_t size)
{
	uint64_t value = 0;

	if ((size_t)(b->end - b->at) < size) {
		b->bad = true;
		b->at = b->end;
		return 0;
	}
	memcpy(&value, b->at, size); /* the lowest byte comes first */
	b->at += size;
	return value;
}

static uint64_t take_leb(struct bytes *b, unsigned *bits)
{
	uint64_t value = 0;
	unsigned shift = 0;
	uint64_t byte;

	do {
		byte = take(b, 1);
		if (shift < 64)
			value |= (byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	*bits = byte & 0x40 && shift < 64 ? shift
					  : 0; /* sign-extends a negative number, if it is signed */
	return value;
}

static uint64_t take_unsigned(struct bytes *b)
{
	unsigned bits;

	return take_leb(b, &bits);
}

static int64_t take_signed(struct bytes *b)
{
	unsigned bits;
	uint64_t value = take_leb(b, &bits);

	return (int64_t)(bits ? value | ~UINT64_C(0) << bits : value);
}

static void skip(struct bytes *b, uint64_t size)
{
	if (size > (size_t)(b->end - b->at))
		b->bad = true;
	else
		b->at += size;
}

/* Entries. */

struct cie {
	uint64_t code_factor;
	int64_t data_factor;
	struct bytes instructions;
	bool augmented, is_signal_frame;
};

/* The contents of a CIE or FDE, which begins with its length. */
static struct bytes entry_at(const unsigned char *at)
{
	struct bytes b = {at, at + sizeof(uint32_t), false};
	uint64_t size = take(&b, sizeof(uint32_t));

	b.end = b.at + size;
	b.bad = size == 0 || size == UINT32_MAX; /* the end, or a 64-bit entry */
	return b;
}

/* Accepts only the pointer encodings that linkers use in position-independent code. */
static bool parse_augmentation(struct bytes *b, const char *letters, struct cie *cie)
{
	uint64_t encoding;

	for (; *letters && !b->bad; letters++) {
		switch (*letters) {
		case 'R':
			encoding = take(b, 1);
			if (encoding != (PCREL | SDATA4))
				return false;
			break;
		case 'P':
			encoding = take(b, 1);
			if ((encoding & 0xf) != UDATA4 && (encoding & 0xf) != SDATA4)
				return false;
			take(b, sizeof(uint32_t));
			break;
		case 'L':
			take(b, 1);
			break;
		case 'S':
			cie->is_signal_frame = true;
			break;
		default:
			return false;
		}
	}
	return !b->bad;
}

static bool parse_cie(const unsigned char *at, struct cie *cie)
{
	struct bytes b = entry_at(at);
	const char *letters;
	uint64_t size;

	if (b.bad || take(&b, sizeof(uint32_t)) != 0 || take(&b, 1) != 1)
		return false;
	letters = (const char *)b.at;
	skip(&b, strnlen(letters, (size_t)(b.end - b.at)) + 1);
	if (b.bad || letters[0] != 'z')
		return false; /* its FDEs would have 64-bit pointers */
	cie->code_factor = take_unsigned(&b);
	cie->data_factor = take_signed(&b);
	if (take_unsigned(&b) != RETURN_ADDRESS)
		return false;
	size = take_unsigned(&b);
	cie->instructions = b;
	skip(&cie->instructions, size);
	return parse_augmentation(&b, letters + 1, cie) && !cie->instructions.bad;
}

/* An entry of .eh_frame_hdr, a sorted table: where a function begins, and its FDE. */
struct entry {
	int32_t start, fde; /* relative to the header */
};

static const struct entry *find_entry(const struct dl_find_object *object, uintptr_t address)
{
	const unsigned char *header = object->dlfo_eh_frame;
	const struct entry *table = (const struct entry *)(const void *)(header + 12);
	uint32_t count, low = 0, high;
	int64_t wanted;

	if (!header || header[0] != 1 || (header[1] != (PCREL | SDATA4)) || header[2] != UDATA4 ||
	    header[3] != (DATAREL | SDATA4))
		return NULL;
	memcpy(&count, header + 8, sizeof(count));
	wanted = (int64_t)(address - (uintptr_t)header);
	for (high = count; low < high;) {
		uint32_t middle = low + (high - low) / 2;

		if (table[middle].start <= wanted)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? &table[low - 1] : NULL;
}

uintptr_t cfi_function(const struct dl_find_object *object, uintptr_t address)
{
	const struct entry *entry = find_entry(object, address);

	return entry ? (uintptr_t)object->dlfo_eh_frame + (uintptr_t)(intptr_t)entry->start
		     : address;
}

/* Instructions. */

static struct saved *saved_of(struct state *s, uint64_t reg)
{
	static struct saved ignored;

	if (reg == RBP)
		return &s->rbp;
	return reg == RETURN_ADDRESS ? &s->address : &ignored;
}

static void save(struct state *s, uint64_t reg, int64_t offset)
{
	if (reg == RBP || reg == RETURN_ADDRESS)
		*saved_of(s, reg) = (struct saved){AT_CFA, offset};
}

static void lose(struct state *s, uint64_t reg)
{
	if (reg == RBP || reg == RETURN_ADDRESS)
		*saved_of(s, reg) = (struct saved){ELSEWHERE, 0};
}

static void restore(struct state *s, uint64_t reg, const struct state *initial)
{
	if (reg == RBP)
		s->rbp = initial->rbp;
	else if (reg == RETURN_ADDRESS)
		s->address = initial->address;
}

static void define_cfa(struct state *s, uint64_t reg, int64_t offset)
{
	s->cfa_register = reg;
	s->cfa_offset = offset;
	s->cfa_known = true;
}

/* Runs an instruction that has an operand in its own byte, or that advances. False if it goes
 * beyond the address. */
static bool run_location(struct bytes *b, uint64_t op, const struct cie *cie, uint64_t *left)
{
	static const uint8_t sizes[] = {[ADVANCE_LOC1] = 1, [ADVANCE_LOC2] = 2, [ADVANCE_LOC4] = 4};
	uint64_t by = (op & WITH_OPERAND) ? op & 0x3f : take(b, sizes[op]);

	by *= cie->code_factor;
	if (by > *left)
		return false;
	*left -= by;
	return true;
}

/* Runs an instruction about the CFA; false if it is another one. */
static bool run_cfa(struct bytes *b, uint64_t op, const struct cie *cie, struct state *s)
{
	uint64_t reg;

	switch (op) {
	case DEF_CFA:
		reg = take_unsigned(b);
		define_cfa(s, reg, (int64_t)take_unsigned(b));
		break;
	case DEF_CFA_SF:
		reg = take_unsigned(b);
		define_cfa(s, reg, take_signed(b) * cie->data_factor);
		break;
	case DEF_CFA_REGISTER:
		s->cfa_register = take_unsigned(b);
		break;
	case DEF_CFA_OFFSET:
		s->cfa_offset = (int64_t)take_unsigned(b);
		break;
	case DEF_CFA_OFFSET_SF:
		s->cfa_offset = take_signed(b) * cie->data_factor;
		break;
	case DEF_CFA_EXPRESSION:
		s->cfa_known = false;
		skip(b, take_unsigned(b));
		break;
	default:
		return false;
	}
	return true;
}

static void run_other(struct bytes *b, uint64_t op, const struct cie *cie, struct state *s,
		      const struct state *initial)
{
	uint64_t reg;

	switch (op) {
	case NOP:
		break;
	case GNU_ARGS_SIZE:
		take_unsigned(b);
		break;
	case OFFSET_EXTENDED:
		reg = take_unsigned(b);
		save(s, reg, (int64_t)take_unsigned(b) * cie->data_factor);
		break;
	case OFFSET_EXTENDED_SF:
		reg = take_unsigned(b);
		save(s, reg, take_signed(b) * cie->data_factor);
		break;
	case RESTORE_EXTENDED:
		restore(s, take_unsigned(b), initial);
		break;
	case UNDEFINED:
		lose(s, take_unsigned(b));
		break;
	case SAME_VALUE:
		reg = take_unsigned(b);
		if (reg == RBP)
			s->rbp.how = SAME;
		break;
	case REGISTER:
	case VAL_OFFSET:
	case VAL_OFFSET_SF:
		lose(s, take_unsigned(b));
		take_unsigned(b);
		break;
	case EXPRESSION:
	case VAL_EXPRESSION:
		lose(s, take_unsigned(b));
		skip(b, take_unsigned(b));
		break;
	default:
		b->bad = !run_cfa(b, op, cie, s) || b->bad;
	}
}

/* Runs instructions up to the one `left` bytes after the start of the function. */
static bool run(struct bytes b, const struct cie *cie, uint64_t left, struct state *s,
		const struct state *initial)
{
	enum { DEPTH = 8 };
	struct state stack[DEPTH];
	unsigned depth = 0;

	while (b.at < b.end && !b.bad) {
		uint64_t op = take(&b, 1);

		if ((op & WITH_OPERAND) == ADVANCE_LOC ||
		    (op >= ADVANCE_LOC1 && op <= ADVANCE_LOC4)) {
			if (!run_location(&b, op, cie, &left))
				return !b.bad;
		} else if ((op & WITH_OPERAND) == OFFSET) {
			save(s, op & 0x3f, (int64_t)take_unsigned(&b) * cie->data_factor);
		} else if ((op & WITH_OPERAND) == RESTORE) {
			restore(s, op & 0x3f, initial);
		} else if (op == REMEMBER_STATE) {
			if (depth == DEPTH)
				return false;
			stack[depth++] = *s;
		} else if (op == RESTORE_STATE) {
			if (depth == 0)
				return false;
			*s = stack[--depth];
		} else {
			run_other(&b, op, cie, s, initial);
		}
	}
	return !b.bad;
}

static bool is_small(int64_t value)
{
	return value >= INT32_MIN / 256 && value <= INT32_MAX / 256;
}

static bool make_rule(const struct state *s, struct cfi_rule *rule)
{
	if (!s->cfa_known || (s->cfa_register != RSP && s->cfa_register != RBP) ||
	    s->address.how != AT_CFA || s->address.offset != -(int)sizeof(uintptr_t) ||
	    s->rbp.how == ELSEWHERE || !is_small(s->cfa_offset) || !is_small(s->rbp.offset))
		return false;
	rule->by_rbp = s->cfa_register == RBP;
	rule->rbp_saved = s->rbp.how == AT_CFA;
	rule->cfa = (int32_t)s->cfa_offset;
	rule->rbp = rule->rbp_saved ? (int32_t)s->rbp.offset : 0;
	return true;
}

bool cfi_find(const struct dl_find_object *object, uintptr_t address, struct cfi_rule *rule)
{
	const struct entry *entry = find_entry(object, address);
	const unsigned char *fde;
	struct state state = {0}, initial;
	struct cie cie = {0};
	struct bytes b;
	uint64_t back, size;
	uintptr_t start;

	if (!entry)
		return false;
	fde = (const unsigned char *)object->dlfo_eh_frame + entry->fde;
	b = entry_at(fde);
	back = take(&b, sizeof(uint32_t));
	if (b.bad || back == 0 || !parse_cie(fde + sizeof(uint32_t) - back, &cie) ||
	    cie.is_signal_frame)
		return false;
	start = (uintptr_t)b.at;
	start += (uintptr_t)(int64_t)(int32_t)take(&b, sizeof(uint32_t));
	size = take(&b, sizeof(uint32_t));
	skip(&b, take_unsigned(&b));
	if (b.bad || address < start || address - start >= size)
		return false;
	initial = state;
	if (!run(cie.instructions, &cie, UINT64_MAX, &state, &initial))
		return false;
	initial = state;
	return run(b, &cie, address - start, &state, &initial) && make_rule(&state, rule);
}
