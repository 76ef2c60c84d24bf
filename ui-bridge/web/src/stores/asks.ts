import { defineStore } from "pinia";
import { shallowRef } from "vue";

/// A question that stands before a command which cannot be taken back.

export interface Question {
  title: string;
  text: string;
  yes: string;
  run(): void;
}

export const use_asks = defineStore("asks", () => {
  const question = shallowRef<Question>();
  const ask = (next: Question) => (question.value = next);
  function answer(): void {
    const asked = question.value;
    question.value = undefined;
    asked?.run();
  }
  const drop = () => (question.value = undefined);
  return { question, ask, answer, drop };
});
