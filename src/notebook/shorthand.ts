import type ts from "typescript";

type Compiler = Pick<
  typeof ts,
  "factory" | "isShorthandPropertyAssignment" | "isSourceFile" | "visitEachChild" | "visitNode"
>;

/**
 * Has a program write `{ name }` as `{ name: exports.name }` where an earlier cell declared the variable. tslab
 * keeps the variables of cells in `exports` and rewrites what reads them, but overlooks this form, which would
 * then fail with "name is not defined".
 */
export function withShorthand<P extends ts.BuilderProgram>(compiler: Compiler, program: P): P {
  const emit = program.emit.bind(program);
  program.emit = (file, write, cancellation, declarationsOnly, transformers) =>
    emit(file, write, cancellation, declarationsOnly, {
      ...transformers,
      before: [writeOut(compiler, program.getProgram().getTypeChecker()), ...(transformers?.before ?? [])],
    });
  return program;
}

function writeOut(compiler: Compiler, checker: ts.TypeChecker): ts.TransformerFactory<ts.SourceFile> {
  const { factory } = compiler;
  return (context) => (cell) => {
    const earlier = (node: ts.ShorthandPropertyAssignment) =>
      checker
        .getShorthandAssignmentValueSymbol(node)
        // tslab makes the declarations of earlier cells the parent of a cell.
        ?.declarations?.some((declaration) => declaration.getSourceFile() === (cell.parent as unknown)) ??
      false;
    const visit = (node: ts.Node): ts.Node => {
      const visited = compiler.visitEachChild(node, visit, context);
      if (!compiler.isShorthandPropertyAssignment(node) || !earlier(node)) return visited;
      const { name, objectAssignmentInitializer } = visited as ts.ShorthandPropertyAssignment;
      const variable = factory.createPropertyAccessExpression(factory.createIdentifier("exports"), name.text);
      // In a pattern with a default: `({ name = 1 } = given)`.
      return factory.createPropertyAssignment(
        name.text,
        objectAssignmentInitializer
          ? factory.createAssignment(variable, objectAssignmentInitializer)
          : variable,
      );
    };
    return compiler.visitNode(cell, visit, compiler.isSourceFile);
  };
}
