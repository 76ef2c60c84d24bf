/// What a page's heap is made of: objects by their class, from a heap snapshot.

/// Kinds of nodes that have no class of their own.
const kinds_as_one = new Set(["string", "concatenated string", "sliced string", "number", "code", "hidden", "object shape", "bigint", "symbol", "regexp"]);
const longest_name = 60;
/// `detachedness` of a DOM node that no document holds.
const is_detached = 2;

/// @return Map of class → {count, bytes}; nodes that only scripts hold are named “detached …”
export async function heap_classes(session) {
  for (let i = 0; i < 2; ++i) await session.send("HeapProfiler.collectGarbage");
  const chunks = [];
  const take = ({ chunk }) => chunks.push(chunk);
  session.on("HeapProfiler.addHeapSnapshotChunk", take);
  await session.send("HeapProfiler.takeHeapSnapshot", { reportProgress: false });
  session.off("HeapProfiler.addHeapSnapshotChunk", take);
  const { snapshot, nodes, strings } = JSON.parse(chunks.join(""));
  const fields = snapshot.meta.node_fields;
  const kinds = snapshot.meta.node_types[0];
  const [kind_at, name_at, size_at, detached_at] = ["type", "name", "self_size", "detachedness"].map((field) => fields.indexOf(field));
  const classes = new Map();
  for (let at = 0; at < nodes.length; at += fields.length) {
    const kind = kinds[nodes[at + kind_at]];
    const name = kinds_as_one.has(kind) ? `(${kind})` : strings[nodes[at + name_at]].slice(0, longest_name);
    const key = nodes[at + detached_at] === is_detached ? `detached ${name}` : name;
    const one = classes.get(key) ?? { count: 0, bytes: 0 };
    one.count += 1;
    one.bytes += nodes[at + size_at];
    classes.set(key, one);
  }
  return classes;
}

/// @return the classes that grew most, as {class, count, kb}: the growth
export function grown(before, after, most = 8) {
  const growth = [...after].map(([name, { count, bytes }]) => ({ class: name, count: count - (before.get(name)?.count ?? 0), kb: Math.round((bytes - (before.get(name)?.bytes ?? 0)) / 100) / 10 }));
  return growth.filter(({ kb }) => kb > 0).sort((a, b) => b.kb - a.kb).slice(0, most);
}

/// @return how many nodes only scripts hold
export function detached_nodes(classes) {
  return [...classes].filter(([name]) => name.startsWith("detached ")).reduce((sum, [, { count }]) => sum + count, 0);
}
