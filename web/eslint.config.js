import js from "@eslint/js";
import hooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["src/schema.ts", "node_modules"] },
  js.configs.recommended,
  {
    files: ["**/*.ts", "**/*.tsx"],
    extends: [...tseslint.configs.strict, hooks.configs.flat.recommended],
    rules: {
      "@typescript-eslint/consistent-type-imports": "error",
      // it warns users of the React compiler, which is not used here
      "react-hooks/incompatible-library": "off",
      "no-restricted-syntax": [
        "error",
        { selector: "ExportDefaultDeclaration", message: "Export by name, so that every file calls a thing the same." },
      ],
      "no-restricted-imports": [
        "error",
        {
          paths: [
            { name: "uplot", message: "Only charts/tile.ts touches uPlot." },
            { name: "plotly.js-cartesian-dist-min", message: "Only charts/plot.ts touches Plotly." },
          ],
        },
      ],
    },
  },
  { files: ["src/charts/tile.ts", "src/charts/plot.ts"], rules: { "no-restricted-imports": "off" } },
  {
    // Vite and Vitest read the default export of their settings
    files: ["vite.config.ts"],
    rules: { "no-restricted-syntax": "off" },
  },
  { files: ["scripts/*.mjs", "eslint.config.js"], languageOptions: { globals: { console: "readonly", process: "readonly" } }, rules: { "no-restricted-syntax": "off" } },
);
