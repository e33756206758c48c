// A worker that does a fixed amount of nothing, by which it is seen how slow a processor is.
onmessage = ({ data: { rounds } }) => {
  let sum = 0;
  for (let round = 0; round < rounds; round++) sum = (Math.imul(sum, 31) + round) | 0;
  postMessage({ solution: sum });
};
