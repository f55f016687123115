import importX from "eslint-plugin-import-x";
import tseslint from "typescript-eslint";

/** The rooms of `src`, lowest first. A file imports from its own room and from those before it. */
const rooms = [
  "core",
  "services",
  "data",
  "signature",
  "lm",
  "adapters",
  "modules",
  "retrieval",
  "metrics",
  "evaluate",
  "tracking",
  "reports",
  "optimizers",
  "scale",
  "serving",
  "applications",
  "cli",
  "notebook",
];

const zones = rooms.flatMap((room, height) =>
  rooms.slice(height + 1).map((above) => ({
    target: `./src/${room}`,
    from: `./src/${above}`,
    message: `imports go downwards only: ${room} lies below ${above}`,
  })),
);

export default tseslint.config(
  { ignores: ["dist", ".venv", ".lmframe", "docs/api", "coverage", "bench/peers", "notebooks"] },
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.recommendedTypeChecked, tseslint.configs.stylisticTypeChecked],
    plugins: { "import-x": importX },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    settings: { "import-x/resolver": { node: { extensions: [".ts"] } } },
    rules: {
      "import-x/no-restricted-paths": ["error", { zones }],
      "@typescript-eslint/consistent-type-definitions": "off",
      "@typescript-eslint/prefer-nullish-coalescing": "off",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "@typescript-eslint/restrict-template-expressions": [
        "error",
        { allowNumber: true, allowBoolean: true, allowNullish: true },
      ],
    },
  },
  {
    files: ["tests/**/*.ts", "bench/**/*.ts"],
    rules: {
      "@typescript-eslint/no-non-null-assertion": "off",
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
      "@typescript-eslint/no-unsafe-argument": "off",
      "@typescript-eslint/no-unsafe-return": "off",
      "@typescript-eslint/no-unsafe-call": "off",
      "@typescript-eslint/require-await": "off",
    },
  },
);
