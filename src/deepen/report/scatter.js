"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("data").textContent);
  const TYPES = { f4: Float32Array, f8: Float64Array, u1: Uint8Array, u2: Uint16Array, i4: Int32Array };
  const unpack = (type, text) => {
    const letters = atob(text), bytes = new Uint8Array(letters.length);
    for (let i = 0; i < letters.length; i++) bytes[i] = letters.charCodeAt(i);
    return new TYPES[type](bytes.buffer);
  };

  // ---- data
  const xy = unpack("f4", data.places), n = xy.length / 2;
  const rows = data.rows ? unpack("i4", data.rows) : null;
  const columns = data.columns.map((column) => ({ ...column, values: unpack(column.type, column.data) }));
  const coloured = columns.filter((column) => column.kind !== "text");
  const ramp = unpack("u1", data.ramp);  // 256 colours, three bytes each
  const order = new Uint32Array(n);  // a fixed shuffle: the last class must not cover all others
  for (let i = 0; i < n; i++) order[i] = i;
  for (let i = n - 1, seed = 1; i > 0; i--) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    const j = seed % (i + 1), kept = order[i];
    order[i] = order[j]; order[j] = kept;
  }
  let left = Infinity, right = -Infinity, bottom = Infinity, top = -Infinity;
  for (let i = 0; i < n; i++) {
    left = Math.min(left, xy[2 * i]); right = Math.max(right, xy[2 * i]);
    bottom = Math.min(bottom, xy[2 * i + 1]); top = Math.max(top, xy[2 * i + 1]);
  }
  const spanX = right - left || 1, spanY = top - bottom || 1;

  // ---- the points in cells, to find the nearest one
  const side = Math.max(1, Math.ceil(Math.sqrt(n / 2)));
  const cellX = (x) => Math.min(side - 1, Math.max(0, Math.floor((x - left) / spanX * side)));
  const cellY = (y) => Math.min(side - 1, Math.max(0, Math.floor((y - bottom) / spanY * side)));
  const starts = new Uint32Array(side * side + 1), members = new Uint32Array(n);
  {
    const cell = new Uint32Array(n);
    for (let i = 0; i < n; i++) starts[(cell[i] = cellY(xy[2 * i + 1]) * side + cellX(xy[2 * i])) + 1]++;
    for (let c = 0; c < side * side; c++) starts[c + 1] += starts[c];
    const next = starts.slice();
    for (let i = 0; i < n; i++) members[next[cell[i]]++] = i;
  }

  // ---- view: a point (x, y) is drawn at (width / 2 + (x - cx) k, height / 2 - (y - cy) k)
  const plot = byId("plot"), canvas = byId("points"), marks = byId("marks"), tip = byId("tip");
  const context = canvas.getContext("2d", { alpha: false }), ring = marks.getContext("2d");
  const view = { cx: 0, cy: 0, k: 1, fit: 1 };
  let width = 1, height = 1, ratio = 1, image = null, pixels = null, margin = 0;
  let column = null, codes = null, palette = null, hidden = null, tops = [], hovered = -1, waiting = false;
  const screenX = (i) => width / 2 + (xy[2 * i] - view.cx) * view.k;
  const screenY = (i) => height / 2 - (xy[2 * i + 1] - view.cy) * view.k;
  const isShown = (i) => !hidden || !hidden[codes[i]];

  const reset = () => {
    view.cx = (left + right) / 2; view.cy = (bottom + top) / 2;
    view.k = view.fit = Math.min((width - 48) / spanX, (height - 48) / spanY);
    changed();
  };
  const zoom = (factor, x, y) => {
    const k = Math.min(view.fit * 2000, Math.max(view.fit / 4, view.k * factor));
    view.cx += (x - width / 2) * (1 / view.k - 1 / k);
    view.cy -= (y - height / 2) * (1 / view.k - 1 / k);
    view.k = k;
    changed();
  };
  const pan = (dx, dy) => { view.cx -= dx / view.k; view.cy += dy / view.k; changed(); };
  const changed = () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; draw(); mark(); });
  };
  const resize = () => {
    const before = width;
    width = plot.clientWidth; height = plot.clientHeight; ratio = Math.min(devicePixelRatio || 1, 2);
    for (const each of [canvas, marks]) {
      each.width = Math.round(width * ratio); each.height = Math.round(height * ratio);
    }
    margin = Math.ceil(9 * ratio);
    image = new ImageData(canvas.width + 2 * margin, canvas.height + 2 * margin);
    pixels = new Uint32Array(image.data.buffer);
    const fit = Math.min((width - 48) / spanX, (height - 48) / spanY);
    if (before === 1) reset(); else { view.k *= fit / view.fit; view.fit = fit; changed(); }
  };

  // ---- colours: what a point's code stands for, as 0xAABBGGRR
  const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const packed = (hex) => {
    const rgb = parseInt(hex.slice(1), 16);
    return (255 << 24 | (rgb & 255) << 16 | (rgb & 0xff00) | rgb >> 16) >>> 0;
  };
  const isDark = () => matchMedia("(prefers-color-scheme: dark)").matches;
  const recolour = () => {
    if (!column) { codes = new Uint16Array(n); palette = [packed(style("--accent"))]; hidden = null; return; }
    const quiet = packed(style("--quiet"));
    if (column.kind === "classes") {
      const last = column.groups.length;  // the code of a missing value
      codes = Uint16Array.from(column.values, (v) => v < 0 ? last : column.group[v]);
      palette = [...column.groups.map((group) => group.colour ? packed(group.colour) : quiet), quiet];
      return;
    }
    const [first, final] = isDark() ? [40, 255] : [0, 228];  // ends that can be seen on the page
    const low = column.low, span = column.high - low || 1;
    codes = Uint16Array.from(column.values, (v) => Number.isNaN(v) ? 256
      : Math.round(first + (final - first) * Math.min(1, Math.max(0, (v - low) / span))));
    palette = [];
    for (let i = 0; i < 256; i++)
      palette.push((255 << 24 | ramp[3 * i + 2] << 16 | ramp[3 * i + 1] << 8 | ramp[3 * i]) >>> 0);
    palette.push(quiet);
  };

  // ---- drawing: discs are blended into the pixels, from 16 stamps, one for each quarter of a pixel
  const stampsOf = (radius, opacity) => {
    const reach = Math.ceil(radius + 1), stamps = [];
    for (let phase = 0; phase < 16; phase++) {
      const offsets = [], alphas = [], fx = (phase % 4) / 4 + 1 / 8, fy = (phase >> 2) / 4 + 1 / 8;
      for (let y = -reach; y <= reach; y++) for (let x = -reach; x <= reach; x++) {
        const cover = radius + .5 - Math.hypot(x + .5 - fx, y + .5 - fy);
        const alpha = Math.round(256 * opacity * Math.min(1, Math.max(0, cover)));
        if (alpha) { offsets.push(y * image.width + x); alphas.push(alpha); }
      }
      stamps.push([Int32Array.from(offsets), Int32Array.from(alphas)]);
    }
    return stamps;
  };
  const radius = () => {
    const base = Math.min(4, Math.max(1.2, .16 * Math.sqrt(width * height / n)));
    return Math.min(7, base * Math.max(1, view.k / view.fit) ** .35);
  };
  const draw = () => {
    pixels.fill(packed(style("--card")));
    const r = radius(), stamps = stampsOf(r * ratio, n > 20000 ? .72 : .85);
    const stride = image.width, shiftX = width / 2 - view.cx * view.k, shiftY = height / 2 + view.cy * view.k;
    const limit = margin / ratio - r - 2;
    let nVisible = 0;
    for (let o = 0; o < n; o++) {
      const i = order[o], code = codes[i];
      if (hidden && hidden[code]) continue;
      const x = shiftX + xy[2 * i] * view.k, y = shiftY - xy[2 * i + 1] * view.k;
      if (x < -limit || y < -limit || x > width + limit || y > height + limit) continue;
      nVisible++;
      const px = x * ratio, py = y * ratio, ix = Math.floor(px), iy = Math.floor(py);
      const stamp = stamps[((py - iy) * 4 | 0) * 4 + ((px - ix) * 4 | 0)], offsets = stamp[0], alphas = stamp[1];
      const colour = palette[code], redBlue = colour & 0xff00ff, green = colour & 0xff00;
      const at = (iy + margin) * stride + ix + margin;
      for (let s = 0; s < offsets.length; s++) {
        const p = pixels[at + offsets[s]], a = alphas[s], b = 256 - a;
        pixels[at + offsets[s]] = (0xff000000
          | (Math.imul(p & 0xff00ff, b) + Math.imul(redBlue, a)) >>> 8 & 0xff00ff
          | (Math.imul(p & 0xff00, b) + Math.imul(green, a)) >>> 8 & 0xff00) >>> 0;
      }
    }
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.putImageData(image, -margin, -margin);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    if (data.sprite && nVisible <= 160) drawPictures();
    drawNames();
  };
  const css = (colour) => `rgb(${colour & 255} ${colour >> 8 & 255} ${colour >> 16 & 255})`;
  const drawNames = () => {
    if (!column || column.kind !== "classes") return;
    context.font = "600 14px system-ui, sans-serif";
    context.textAlign = "center"; context.textBaseline = "middle"; context.lineJoin = "round";
    context.strokeStyle = style("--card"); context.fillStyle = style("--ink"); context.lineWidth = 4;
    column.groups.forEach((group, code) => {
      if (!group.place || hidden[code]) return;
      const x = width / 2 + (group.place[0] - view.cx) * view.k;
      const y = height / 2 - (group.place[1] - view.cy) * view.k;
      const name = group.name.length > 18 ? group.name.slice(0, 17) + "…" : group.name;
      context.strokeText(name, x, y); context.fillText(name, x, y);
    });
  };

  // ---- pictures of the rows, all in one
  const sprite = data.sprite ? new Image() : null;
  const cut = (i) => [(i % data.sprite.across) * data.sprite.width,
    Math.floor(i / data.sprite.across) * data.sprite.height, data.sprite.width, data.sprite.height];
  const drawPictures = () => {
    if (!sprite.complete) return;
    const tall = Math.min(44, Math.max(30, 1.5 * data.sprite.height));
    const wide = tall * data.sprite.width / data.sprite.height;
    context.imageSmoothingEnabled = false;
    context.lineWidth = 2;
    for (let i = 0; i < n; i++) {
      if (!isShown(i)) continue;
      const x = screenX(i), y = screenY(i);
      if (x < -wide || y < -tall || x > width + wide || y > height + tall) continue;
      context.drawImage(sprite, ...cut(i), x - wide / 2, y - tall / 2, wide, tall);
      context.strokeStyle = css(palette[codes[i]]);
      context.strokeRect(x - wide / 2, y - tall / 2, wide, tall);
    }
  };
  if (sprite) { sprite.onload = () => changed(); sprite.src = data.sprite.source; }

  // ---- the row under the pointer
  const nearest = (x, y, reach) => {
    const dataX = view.cx + (x - width / 2) / view.k, dataY = view.cy - (y - height / 2) / view.k;
    const r = reach / view.k;
    let best = -1, least = r * r;
    for (let cy = cellY(dataY - r); cy <= cellY(dataY + r); cy++)
      for (let cx = cellX(dataX - r); cx <= cellX(dataX + r); cx++)
        for (let m = starts[cy * side + cx]; m < starts[cy * side + cx + 1]; m++) {
          const i = members[m], dx = xy[2 * i] - dataX, dy = xy[2 * i + 1] - dataY, d = dx * dx + dy * dy;
          if (d <= least && isShown(i)) { least = d; best = i; }
        }
    return best;
  };
  const number = (value) => Number.isNaN(value) ? "missing" : Number.isInteger(value) ? String(value)
    : String(Number(value.toPrecision(6)));
  const textOf = (each, i) => {
    const value = each.values[i];
    return each.kind === "numbers" ? number(value) : value < 0 ? "missing" : each.names[value];
  };
  const hover = (i) => {
    if (i === hovered) return;
    hovered = i;
    tip.hidden = i < 0;
    if (i >= 0) fill(i);
    mark();
  };
  const fill = (i) => {
    const body = document.createElement("div"), head = document.createElement("b");
    const list = document.createElement("dl");
    head.textContent = `row ${(rows ? rows[i] : i + 1).toLocaleString("en")}`;
    for (const each of [...new Set([column, ...columns.slice(0, data.told)])].filter(Boolean)) {
      const name = document.createElement("dt"), value = document.createElement("dd");
      name.textContent = each.name; value.textContent = textOf(each, i);
      list.append(name, value);
    }
    body.append(head, list);
    tip.replaceChildren();
    if (sprite && sprite.complete) {
      const small = document.createElement("canvas");
      small.width = data.sprite.width; small.height = data.sprite.height;
      small.getContext("2d").drawImage(sprite, ...cut(i), 0, 0, small.width, small.height);
      tip.append(small);
    }
    tip.append(body);
  };
  const mark = () => {
    ring.setTransform(ratio, 0, 0, ratio, 0, 0);
    ring.clearRect(0, 0, width, height);
    if (hovered < 0) return;
    if (!isShown(hovered)) { hover(-1); return; }
    const x = screenX(hovered), y = screenY(hovered);
    ring.lineWidth = 2; ring.strokeStyle = style("--ink");
    ring.beginPath(); ring.arc(x, y, radius() + 3.5, 0, 7); ring.stroke();
    const besideX = x + 16 + tip.offsetWidth > width ? x - 16 - tip.offsetWidth : x + 16;
    const besideY = y + 16 + tip.offsetHeight > height ? y - 16 - tip.offsetHeight : y + 16;
    const inside = (value, room) => Math.max(6, Math.min(value, room - 6));
    tip.style.left = `${inside(besideX, width - tip.offsetWidth)}px`;
    tip.style.top = `${inside(besideY, height - tip.offsetHeight)}px`;
  };

  // ---- pointer, wheel, keys
  const fingers = new Map();
  let travelled = 0;
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const spread = () => {
    const [a, b] = [...fingers.values()];
    return [Math.hypot(a[0] - b[0], a[1] - b[1]) || 1, (a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, place(event));
    travelled = fingers.size > 1 ? Infinity : 0;
  });
  canvas.addEventListener("pointermove", (event) => {
    const now = place(event), before = fingers.get(event.pointerId);
    if (!before) { if (event.pointerType !== "touch") hover(nearest(now[0], now[1], 12)); return; }
    const earlier = fingers.size === 2 ? spread() : null;
    fingers.set(event.pointerId, now);
    if (earlier) {
      const later = spread();
      pan(later[1] - earlier[1], later[2] - earlier[2]);
      zoom(later[0] / earlier[0], later[1], later[2]);
    } else if (fingers.size === 1) {
      travelled += Math.hypot(now[0] - before[0], now[1] - before[1]);
      if (travelled > 4) { canvas.classList.add("moving"); hover(-1); }
      pan(now[0] - before[0], now[1] - before[1]);
    }
  });
  const lift = (event) => {
    if (!fingers.delete(event.pointerId)) return;
    canvas.classList.remove("moving");
    if (event.type === "pointerup" && travelled <= 4) hover(nearest(...place(event), event.pointerType === "touch" ? 24 : 12));
  };
  canvas.addEventListener("pointerup", lift);
  canvas.addEventListener("pointercancel", lift);
  canvas.addEventListener("pointerleave", (event) => { if (event.pointerType !== "touch") hover(-1); });
  canvas.addEventListener("dblclick", reset);
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 16 : 1;
    zoom(Math.exp(-event.deltaY * lines * (event.ctrlKey ? .01 : .0016)), ...place(event));
  }, { passive: false });
  const KEYS = {
    "+": () => zoom(1.4, width / 2, height / 2), "=": () => zoom(1.4, width / 2, height / 2),
    "-": () => zoom(1 / 1.4, width / 2, height / 2), "0": reset,
    ArrowLeft: () => pan(60, 0), ArrowRight: () => pan(-60, 0),
    ArrowUp: () => pan(0, 60), ArrowDown: () => pan(0, -60),
  };
  canvas.addEventListener("keydown", (event) => {
    if (!KEYS[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    KEYS[event.key]();
  });
  byId("reset").addEventListener("click", reset);
  byId("closer").addEventListener("click", () => zoom(1.6, width / 2, height / 2));
  byId("farther").addEventListener("click", () => zoom(1 / 1.6, width / 2, height / 2));

  // ---- menu and legend
  const element = (tag, text, ...children) => {
    const made = document.createElement(tag);
    if (text) made.textContent = text;
    made.append(...children);
    return made;
  };
  const menu = byId("colour"), legend = byId("legend"), count = byId("count");
  const say = () => {
    let shown = 0;
    for (let i = 0; i < n; i++) shown += isShown(i);
    count.textContent = shown === n ? `${n.toLocaleString("en")} points`
      : `${shown.toLocaleString("en")} of ${n.toLocaleString("en")} points`;
  };
  const legendOfClasses = () => {
    const amounts = new Uint32Array(column.groups.length + 1);
    for (let i = 0; i < n; i++) amounts[codes[i]]++;
    const buttons = [], list = element("ul");
    const set = (code, isHidden) => {
      hidden[code] = isHidden ? 1 : 0;
      buttons[code].setAttribute("aria-pressed", String(!isHidden));
    };
    [...column.groups.map((group) => group.name), "missing"].forEach((name, code) => {
      const dot = element("i"), button = element("button", "", dot, element("span", name),
        element("small", amounts[code].toLocaleString("en")));
      dot.style.background = css(palette[code]);
      button.type = "button";
      button.title = `show or hide ${name}; with Shift this one only`;
      buttons.push(button);
      set(code, false);
      button.addEventListener("click", (event) => {
        if (event.shiftKey) buttons.forEach((_, other) => set(other, other !== code));
        else set(code, !hidden[code]);
        say(); changed();
      });
      if (amounts[code]) list.append(element("li", "", button));
    });
    const all = element("div");
    all.className = "all";
    for (const [text, isHidden] of [["all", false], ["none", true]]) {
      const button = element("button", text);
      button.type = "button";
      button.addEventListener("click", () => { buttons.forEach((_, code) => set(code, isHidden)); say(); changed(); });
      all.append(button);
    }
    legend.append(all, list);
  };
  const legendOfNumbers = () => {
    const bar = element("div"), stops = [];
    const [first, final] = isDark() ? [40, 255] : [0, 228];
    for (let i = 0; i <= 16; i++) stops.push(css(palette[Math.round(first + (final - first) * i / 16)]));
    bar.className = "ramp";
    bar.style.backgroundImage = `linear-gradient(90deg, ${stops.join(", ")})`;
    const ends = element("div", "", element("span", "≤ " + number(column.low)), element("span", "≥ " + number(column.high)));
    ends.className = "ends";
    legend.append(bar, ends);
  };
  const choose = (chosen) => {
    column = chosen;
    hidden = null;
    recolour();
    legend.replaceChildren();
    if (column) legend.append(element("h2", column.name));
    if (column && column.kind === "classes") { hidden = new Uint8Array(column.groups.length + 1); legendOfClasses(); }
    if (column && column.kind === "numbers") legendOfNumbers();
    if (hovered >= 0) fill(hovered);
    say(); changed();
  };
  coloured.forEach((each, i) => { const option = element("option", each.name); option.value = i; menu.append(option); });
  const plain = element("option", "one colour");
  plain.value = -1;
  menu.append(plain);
  menu.addEventListener("change", () => choose(coloured[menu.value] || null));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => choose(column));
  choose(coloured[0] || null);
  new ResizeObserver(resize).observe(plot);
  resize();
  draw();
  // A handle for whoever looks at the page from outside.
  window.deepenScatter = { draw, screen: (i) => [screenX(i), screenY(i)], hovered: () => hovered, view, zoom };
})();
