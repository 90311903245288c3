// Moves the bar of a job page. The element with data-job names the address to ask; data-step and data-lost hold the
// words in the reader's language. Ends by loading the result, or the same page again, which then says what went wrong.
(function () {
  "use strict";
  var box = document.querySelector("[data-job]");
  if (!box || !window.fetch) {
    return;
  }
  var bar = box.querySelector("progress");
  var words = box.querySelector("[data-words]");
  var wait = 700;

  function again() {
    window.setTimeout(ask, wait);
  }

  function show(job) {
    if (job.state === "done" && job.url) {
      window.location.replace(job.url);
      return;
    }
    if (job.state === "done" || job.state === "failed") {
      window.location.reload();
      return;
    }
    if (job.total) {
      bar.max = job.total;
      bar.value = job.done;
      words.textContent = box
        .getAttribute("data-step")
        .replace("{done}", job.done.toLocaleString("en"))
        .replace("{total}", job.total.toLocaleString("en"));
    }
    wait = Math.min(wait + 150, 3000);
    again();
  }

  function ask() {
    fetch(box.getAttribute("data-job"), { credentials: "same-origin", headers: { Accept: "application/json" } })
      .then(function (answer) {
        if (answer.status === 401 || answer.status === 403 || answer.status === 404 || answer.redirected) {
          window.location.reload(); // signed out meanwhile: the page itself knows where to send the person
          return null;
        }
        if (!answer.ok) {
          throw new Error(String(answer.status));
        }
        return answer.json().then(show);
      })
      .catch(function () {
        words.textContent = box.getAttribute("data-lost");
        wait = 3000;
        again();
      });
  }

  ask();
})();
