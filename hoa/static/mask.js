// Drawing on the masking editor: drag a box over the page. Each box goes into the form's hidden field and onto an
// overlay; undo, pages and saving stay what they are without this file. Coordinates are thousandths of the page.
(function () {
  "use strict";
  var form = document.querySelector("[data-mask]");
  var page = form && form.querySelector(".mask__page");
  if (!page || !window.PointerEvent) {
    return;
  }
  var SVG = "http://www.w3.org/2000/svg";
  var WHOLE = 1000;
  var LEAST = 4;
  var boxes = form.elements.boxes;
  var said = form.querySelector("[data-count]");
  var layer = document.createElementNS(SVG, "svg");
  var from = null;
  var drawn = null;

  layer.setAttribute("viewBox", "0 0 " + WHOLE + " " + WHOLE);
  layer.setAttribute("preserveAspectRatio", "none");
  layer.setAttribute("class", "mask__layer");
  layer.setAttribute("aria-hidden", "true");
  page.parentNode.appendChild(layer);
  page.parentNode.className += " mask--live";
  form.querySelector("[data-size]").hidden = true;

  function spot(event) {
    var edge = layer.getBoundingClientRect();
    function part(at, start, size) {
      return Math.max(0, Math.min(WHOLE, Math.round(((at - start) * WHOLE) / size)));
    }
    return { x: part(event.clientX, edge.left, edge.width), y: part(event.clientY, edge.top, edge.height) };
  }

  function shape(to) {
    var box = {
      left: Math.min(from.x, to.x),
      top: Math.min(from.y, to.y),
      right: Math.max(from.x, to.x),
      bottom: Math.max(from.y, to.y)
    };
    drawn.setAttribute("x", box.left);
    drawn.setAttribute("y", box.top);
    drawn.setAttribute("width", box.right - box.left);
    drawn.setAttribute("height", box.bottom - box.top);
    return box;
  }

  layer.addEventListener("pointerdown", function (event) {
    if (event.button) {
      return;
    }
    event.preventDefault();
    layer.setPointerCapture(event.pointerId);
    from = spot(event);
    drawn = document.createElementNS(SVG, "rect");
    layer.appendChild(drawn);
    shape(from);
  });

  layer.addEventListener("pointermove", function (event) {
    if (from) {
      shape(spot(event));
    }
  });

  layer.addEventListener("pointerup", function (event) {
    var box;
    if (!from) {
      return;
    }
    box = shape(spot(event));
    from = null;
    if (box.right - box.left < LEAST || box.bottom - box.top < LEAST) {
      layer.removeChild(drawn);
      return;
    }
    boxes.value +=
      (boxes.value ? ";" : "") +
      form.elements.page.value + ":" + [box.left, box.top, box.right, box.bottom].join(",");
    said.textContent = said.textContent.replace(/\d+/, String(boxes.value.split(";").length));
    Array.prototype.forEach.call(form.querySelectorAll("[data-undo]"), function (button) {
      button.disabled = false;
    });
  });

  layer.addEventListener("pointercancel", function () {
    if (from) {
      layer.removeChild(drawn);
      from = null;
    }
  });
})();
