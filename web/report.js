'use strict';
/* Shows another map, head or moment of training in all examples at once. */
(() => {
  const data = document.getElementById('frames');
  if (!data) return;
  const known = JSON.parse(data.textContent);
  const controls = document.getElementById('controls');
  const of = name => document.getElementById(name);
  const value = name => of(name) ? Number(of(name).value) : 0;

  const ink = color => {
    const part = i => {
      const v = parseInt(color.slice(i, i + 2), 16) / 255;
      return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    };
    const light = 0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5);
    return 1.05 / (light + 0.05) > (light + 0.05) / 0.05 ? '#ffffff' : '#000000';
  };

  const draw = (block, frame) => {
    block.querySelector('.says').textContent = frame.s;
    block.querySelectorAll('[data-picture]').forEach((picture, i) => {
      if (!frame.p) return;
      picture.setAttribute(picture.localName === 'img' ? 'src' : 'href', frame.p[i]);
      const named = picture.closest('[data-name]');
      if (named) named.setAttribute(named.localName === 'img' ? 'alt' : 'aria-label', `${named.dataset.name}: ${frame.s}`);
    });
    block.querySelectorAll('[data-step]').forEach((step, i) => {
      const color = known.palette[frame.c[i]];
      step.style.background = color;
      step.style.color = ink(color);
      step.querySelector('sup').textContent = frame.v[i];
    });
  };

  const show = () => {
    const map = value('map'), moments = known.moments, slices = known.maps[map].slices;
    const head = of('head');
    if (head) {
      head.max = slices.length - 1;
      if (Number(head.value) > slices.length - 1) head.value = 0;
      head.disabled = slices.length < 2;
    }
    const moment = of('moment') ? value('moment') : moments.length - 1, slice = head ? value('head') : 0;
    document.querySelectorAll('[data-map]').forEach(block => {
      block.hidden = Number(block.dataset.map) !== map;
      const frames = known.frames[block.dataset.example];
      if (!block.hidden && frames && frames[map]) draw(block, frames[map][moment][slice]);
    });
    const say = (name, text) => {
      if (!of(name)) return;
      of(name).setAttribute('aria-valuetext', text);
      of(`${name}-says`).textContent = text;
    };
    say('head', slices[slice]);
    say('moment', moments[moment]);
    of('shown').textContent = `Shown: ${[known.maps[map].name, slices.length > 1 ? slices[slice] : '', moments[moment]].filter(s => s).join(', ')}.`;
  };

  for (const name of ['map', 'head', 'moment']) if (of(name)) of(name).addEventListener('input', show);
  controls.hidden = false;
  show();
})();
