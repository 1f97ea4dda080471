import eslint from "@eslint/js";
import tseslint from "typescript-eslint";

// Run from the repository's root (npm run lint does), so that tests/e2e is covered too.
export default tseslint.config(
  {
    ignores: ["www/dist/**", "**/node_modules/**", "pkg/**", "target/**", "**/test-results/**", "**/playwright-report/**"],
  },
  eslint.configs.recommended,
  {
    files: ["**/*.ts"],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      // A number in a sentence needs no String() around it.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      // `() => void call()` and `() => { call(); }` say the same.
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      // The public contract is written with `type`, and so are the events.
      "@typescript-eslint/consistent-type-definitions": "off",
      "@typescript-eslint/consistent-type-imports": "error",
      // Parameters that only hold a place begin with an underscore; taking a field out of the
      // rest of an object is a use.
      "@typescript-eslint/no-unused-vars": [
        "error",
        { argsIgnorePattern: "^_", ignoreRestSiblings: true },
      ],
      eqeqeq: ["error", "always"],
      "no-console": ["error", { allow: ["warn", "error"] }],
    },
  },
  {
    // Tests and measuring scripts print, and look into values without proving each step.
    files: ["**/*.test.ts", "tests/e2e/**"],
    rules: {
      "no-console": "off",
      "@typescript-eslint/no-non-null-assertion": "off",
    },
  },
  {
    files: ["www/public/**"],
    languageOptions: { globals: { document: "readonly", window: "readonly", location: "readonly", URLSearchParams: "readonly" } },
  },
  {
    files: ["**/*.js", "**/*.mjs"],
    languageOptions: { globals: { process: "readonly", console: "readonly", performance: "readonly", URL: "readonly" } },
  },
);
