/**
 * Keeps the members that a room shows, and says who joined and left.
 */

/** Clients by id, each with what is shown of its connections. */
export class Members {
    all = new Map();
    #areKnown = false;

    /** Replaces all members. The first time nobody joined: they were there before. */
    replace(shown) {
        const before = this.#areKnown ? this.all : new Map(Object.entries(shown));
        this.#areKnown = true;
        this.all = new Map(Object.entries(shown));
        return this.#news([...before.keys(), ...this.all.keys()], before);
    }

    /**
     * Changes some members. A connection that shows something else now joins again, with the same ref.
     *
     * It makes a new Map, and leaves the old one as it was: a page that compares the two sees the change.
     */
    change(joins, leaves) {
        this.all = new Map(this.all);
        const ids = [...Object.keys(leaves), ...Object.keys(joins)];
        const before = new Set(ids.filter((id) => this.all.has(id)));
        Object.entries(leaves).forEach(([id, { metas }]) => this.#put(id, metas, []));
        Object.entries(joins).forEach(([id, { metas }]) => this.#put(id, metas, metas));
        return this.#news(ids, before);
    }

    #put(id, gone, come) {
        const refs = new Set(gone.map(({ ref }) => ref));
        const stay = (this.all.get(id)?.metas ?? []).filter(({ ref }) => !refs.has(ref));
        if (stay.length + come.length > 0) {
            this.all.set(id, { metas: [...stay, ...come] });
        } else {
            this.all.delete(id);
        }
    }

    #news(ids, before) {
        const touched = [...new Set(ids)];
        return {
            members: this.all,
            joined: touched.filter((id) => this.all.has(id) && !before.has(id)),
            left: touched.filter((id) => before.has(id) && !this.all.has(id)),
        };
    }
}
