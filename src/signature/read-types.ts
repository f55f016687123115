/**
 * The grammar of parse-type.ts and specification.ts, read by the type checker.
 *
 * The compiler follows 1,000 steps of a recursion that ends in itself, and 100 of any other. So a text is never
 * walked letter by letter: it is split at its delimiters, and pieces are joined again while a bracket or a
 * quote is open in them. Every reading ends as {@link Good} or as {@link Bad}, never as `any`.
 */
import type { History, Media } from "./field-type.ts";

/** A reading that went well, of the type `T`. */
export interface Good<T> {
  readonly value: T;
}

/** A mistake, in words. */
export interface Bad<Message extends string> {
  readonly problem: Message;
}

/** The TypeScript type each named type stands for: `namedTypes` of parse-type.ts, for the type checker. */
export interface NamedTypes {
  str: string;
  string: string;
  int: number;
  integer: number;
  float: number;
  number: number;
  bool: boolean;
  boolean: boolean;
  None: null;
  null: null;
  Any: unknown;
  any: unknown;
  unknown: unknown;
  list: unknown[];
  List: unknown[];
  dict: Record<string, unknown>;
  Dict: Record<string, unknown>;
  True: true;
  true: true;
  False: false;
  false: false;
  Image: Media;
  "dspy.Image": Media;
  Audio: Media;
  "dspy.Audio": Media;
  File: Media;
  "dspy.File": Media;
  History: History;
  "dspy.History": History;
}

type ListName = "list" | "List" | "Array";
type RecordName = "dict" | "Dict" | "Record";
type GenericName = ListName | RecordName | "Optional" | "Union" | "Literal";

/** The words a `Literal` may hold. */
interface Words {
  True: true;
  true: true;
  False: false;
  false: false;
  None: null;
  null: null;
}

interface Escapes {
  "\\": "\\";
  "'": "'";
  '"': '"';
  n: "\n";
  r: "\r";
  t: "\t";
}

// ---- text ----

type Space = " " | "\n" | "\r" | "\t";
type Trim<S extends string> = S extends `${Space}${infer R}` ? Trim<R> : TrimEnd<S>;
type TrimEnd<S extends string> = S extends `${infer R}${Space}` ? TrimEnd<R> : S;

type Bracket = "[" | "]" | "<" | ">" | "{" | "}" | "(" | ")";
type Quote = "'" | '"';

/** True where the text ends in a backslash that escapes what follows. */
type EndsEscaping<S extends string> = S extends `${infer R}\\\\`
  ? EndsEscaping<R>
  : S extends `${string}\\`
    ? true
    : false;

/** The text without its strings; one that is not closed stays, and with it its quote. */
type WithoutStrings<S extends string, Out extends string = ""> = S extends `${infer A}'${infer B}`
  ? A extends `${infer C}"${infer D}`
    ? AfterString<`${D}'${B}`, '"', `${Out}${C}`>
    : AfterString<B, "'", `${Out}${A}`>
  : S extends `${infer A}"${infer B}`
    ? AfterString<B, '"', `${Out}${A}`>
    : `${Out}${S}`;

/** Goes on after the string that has just begun with `Q`, and of which `Body` was read. */
type AfterString<
  S extends string,
  Q extends Quote,
  Out extends string,
  Body extends string = "",
> = S extends `${infer A}${Q}${infer B}`
  ? EndsEscaping<A> extends true
    ? AfterString<B, Q, Out, `${Body}${A}${Q}`>
    : WithoutStrings<B, Out>
  : `${Out}${Q}${Body}${S}`;

type Count<S extends string, D extends string, N extends 0[] = []> = S extends `${string}${D}${infer R}`
  ? Count<R, D, [...N, 0]>
  : N;

/** True where every bracket is closed and no quote is left; `S` is free of whole strings. */
type Closed<S extends string> = S extends `${string}${Quote}${string}`
  ? false
  : S extends `${string}${Bracket}${string}`
    ? [...Count<S, "[">, ...Count<S, "<">, ...Count<S, "{">, ...Count<S, "(">] extends [
        ...Count<S, "]">,
        ...Count<S, ">">,
        ...Count<S, "}">,
        ...Count<S, ")">,
      ]
      ? true
      : false
    : true;

/** The parts of `S` between delimiters `D` that stand in no bracket and no string. `Bare` is `Open` without strings. */
type Split<
  S extends string,
  D extends string,
  Parts extends string[] = [],
  Open extends string = "",
  Bare extends string = "",
> = S extends `${infer A}${D}${infer B}`
  ? WithoutStrings<`${Bare}${A}`> extends infer Left extends string
    ? Closed<Left> extends true
      ? Split<B, D, [...Parts, `${Open}${A}`]>
      : Split<B, D, Parts, `${Open}${A}${D}`, `${Left}${D}`>
    : never
  : [...Parts, `${Open}${S}`];

type Letter =
  | ("a" | "b" | "c" | "d" | "e" | "f" | "g" | "h" | "i" | "j" | "k" | "l" | "m" | "n" | "o" | "p")
  | ("q" | "r" | "s" | "t" | "u" | "v" | "w" | "x" | "y" | "z" | "_");
type Digit = "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9";

/** Names are short, so letter by letter will do here. */
type IsName<S extends string> = S extends "__proto__"
  ? false
  : S extends `${infer C}${infer R}`
    ? Lowercase<C> extends Letter
      ? AreWordLetters<R>
      : false
    : false;
type AreWordLetters<S extends string> = S extends `${infer C}${infer R}`
  ? Lowercase<C> extends Letter | Digit
    ? AreWordLetters<R>
    : false
  : true;

// ---- types ----

/** `S` as the type of a field. */
export type ReadType<S extends string> =
  Trim<S> extends infer T extends string
    ? T extends keyof NamedTypes
      ? Good<NamedTypes[T]>
      : ReadUnion<Split<T, "|">>
    : never;

/** A text as a mistake quotes it. */
type UnknownType<T extends string> =
  Closed<WithoutStrings<T>> extends true
    ? Bad<T extends "" ? "missing type" : `unknown type '${T}'`>
    : Bad<`unclosed bracket or quote in '${T}'`>;

type ReadUnion<Parts extends string[], Types = never> = Parts extends [
  infer First extends string,
  ...infer Rest extends string[],
]
  ? ReadElement<Trim<First>> extends infer Reading
    ? Reading extends Good<infer T>
      ? ReadUnion<Rest, Types | T>
      : Reading
    : never
  : Good<Types>;

/** A type without `|` of its own. */
type ReadElement<T extends string> = T extends keyof NamedTypes
  ? Good<NamedTypes[T]>
  : T extends `${GenericName}[]` | ""
    ? UnknownType<T>
    : T extends `${infer Item}[]`
      ? ListOf<ReadElement<Trim<Item>>>
      : T extends `${Quote}${string}` | `${number}`
        ? ReadValue<T>
        : T extends `(${infer Inner})`
          ? ReadType<Inner>
          : T extends `{${infer Body}}`
            ? ReadObject<Members<Split<Body, ";">>>
            : T extends `${infer Name}[${infer Types}]`
              ? ReadGeneric<Trim<Name>, Types, T>
              : T extends `${infer Name}<${infer Types}>`
                ? ReadGeneric<Trim<Name>, Types, T>
                : UnknownType<T>;

type ListOf<Reading> = Reading extends Good<infer T> ? Good<T[]> : Reading;
type RecordOf<Reading> = Reading extends Good<infer T> ? Good<Record<string, T>> : Reading;
type OptionalOf<Reading> = Reading extends Good<infer T> ? Good<T | null> : Reading;

type ReadGeneric<Name extends string, Types extends string, Whole extends string> = Name extends ListName
  ? ListOf<ReadType<Types>>
  : Name extends "Optional"
    ? OptionalOf<ReadType<Types>>
    : Name extends "Literal"
      ? ReadValues<Split<Types, ",">>
      : Name extends "Union"
        ? ReadTypes<Split<Types, ",">>
        : Name extends RecordName
          ? Split<Types, ","> extends [infer Key extends string, infer Value extends string]
            ? Trim<Key> extends "str" | "string"
              ? RecordOf<ReadType<Value>>
              : Bad<`keys are str in JSON: write dict[str, T], not '${Whole}'`>
            : Bad<`'${Whole}' needs two types: dict[str, T]`>
          : UnknownType<Whole>;

type ReadTypes<Parts extends string[], Types = never> = Parts extends [
  infer First extends string,
  ...infer Rest extends string[],
]
  ? ReadType<First> extends infer Reading
    ? Reading extends Good<infer T>
      ? ReadTypes<Rest, Types | T>
      : Reading
    : never
  : Good<Types>;

// ---- values of a Literal ----

type ReadValues<Parts extends string[], Values = never> = Parts extends [
  infer First extends string,
  ...infer Rest extends string[],
]
  ? ReadValue<Trim<First>> extends infer Reading
    ? Reading extends Good<infer T>
      ? ReadValues<Rest, Values | T>
      : Reading
    : never
  : Good<Values>;

type ReadValue<T extends string> = T extends keyof Words
  ? Good<Words[T]>
  : T extends `'${infer Body}'`
    ? ReadString<Body, "'">
    : T extends `"${infer Body}"`
      ? ReadString<Body, '"'>
      : T extends `${infer N extends number}`
        ? `${N}` extends T
          ? Good<N>
          : Bad<`write the number '${T}' in its shortest form`>
        : Bad<`expected a value such as 'a', 1, True or None, found '${T}'`>;

type ReadString<Body extends string, Q extends Quote> =
  WithoutStrings<`${Q}${Body}${Q}x`> extends "x"
    ? Body extends `${string}\\${string}`
      ? Unescape<Body>
      : Good<Body>
    : Bad<`unclosed bracket or quote in '${Q}${Body}${Q}'`>;

type Unescape<S extends string, Out extends string = ""> = S extends `${infer A}\\${infer C}${infer R}`
  ? C extends keyof Escapes
    ? Unescape<R, `${Out}${A}${Escapes[C]}`>
    : Bad<`unknown escape '\\${C}'`>
  : Good<`${Out}${S}`>;

// ---- objects ----

type Members<Parts extends string[], Out extends string[] = []> = Parts extends [
  infer First extends string,
  ...infer Rest extends string[],
]
  ? Members<Rest, [...Out, ...Split<First, ",">]>
  : Out;

type ReadObject<Parts extends string[], Seen extends string = never, Out = unknown> = Parts extends [
  infer First extends string,
  ...infer Rest extends string[],
]
  ? [Trim<First>, Rest] extends ["", []]
    ? Good<Flat<Out>>
    : First extends `${infer Name}:${infer Type}`
      ? Trim<Name> extends `${infer Optional}?`
        ? ReadMember<Trim<Optional>, Type, Rest, Seen, Out, true>
        : ReadMember<Trim<Name>, Type, Rest, Seen, Out, false>
      : Bad<`expected 'name: type' in an object, found '${Trim<First>}'`>
  : Good<Flat<Out>>;

type ReadMember<
  Name extends string,
  Type extends string,
  Rest extends string[],
  Seen extends string,
  Out,
  Optional extends boolean,
> =
  IsName<Name> extends false
    ? Bad<`invalid name '${Name}' in an object`>
    : Name extends Seen
      ? Bad<`property '${Name}' stands in an object twice`>
      : ReadType<Type> extends infer Reading
        ? Reading extends Good<infer T>
          ? ReadObject<
              Rest,
              Seen | Name,
              Out & (Optional extends true ? Partial<Record<Name, T>> : Record<Name, T>)
            >
          : Reading
        : never;

/** The same object type, written as one. */
export type Flat<T> = { [K in keyof T]: T[K] };

// ---- fields ----

/** A field as its name and type. */
type Named = readonly [name: string, type: unknown];

interface Sides<Inputs extends Named[], Outputs extends Named[]> {
  readonly inputs: { [F in Inputs[number] as F[0]]: F[1] };
  readonly outputs: { [F in Outputs[number] as F[0]]: F[1] };
}

/** The string form of a signature: `Good` of its inputs and outputs, or what is wrong with it. */
export type ReadSpecification<S extends string> =
  Split<S, "->"> extends infer Parts extends string[]
    ? Parts extends [infer Left extends string, infer Right extends string]
      ? ReadFields<Trim<Left> extends "" ? [] : Split<Left, ",">> extends infer Inputs
        ? Inputs extends Good<infer I extends Named[]>
          ? ReadFields<Split<Right, ",">, I[number][0]> extends infer Outputs
            ? Outputs extends Good<infer O extends Named[]>
              ? Good<Sides<I, O>>
              : Outputs
            : never
          : Inputs
        : never
      : Parts extends [infer Only extends string]
        ? Only extends `${string}->${string}`
          ? Bad<"unclosed bracket or quote before '->'">
          : Bad<"a signature reads 'inputs -> outputs'; found no '->'">
        : Bad<"a signature has one '->'; found more">
    : never;

type ReadFields<Parts extends string[], Seen = never, Fields extends Named[] = []> = Parts extends [
  infer First extends string,
  ...infer Rest extends string[],
]
  ? ReadField<First> extends infer Reading
    ? Reading extends Good<infer F extends Named>
      ? F[0] extends Seen
        ? Bad<`field '${F[0]}' stands here twice`>
        : ReadFields<Rest, Seen | F[0], [...Fields, F]>
      : Reading
    : never
  : Good<Fields>;

type ReadField<S extends string> = S extends `${infer Name}:${infer Type}`
  ? IsName<Trim<Name>> extends true
    ? ReadType<Type> extends infer Reading
      ? Reading extends Good<infer T>
        ? Good<[Trim<Name>, T]>
        : Reading extends Bad<infer Problem>
          ? Bad<`${Problem} of field '${Trim<Name>}'`>
          : never
      : never
    : InvalidName<Trim<Name>>
  : IsName<Trim<S>> extends true
    ? Good<[Trim<S>, string]>
    : InvalidName<Trim<S>>;

type InvalidName<S extends string> = S extends ""
  ? Bad<"a field has no name">
  : Bad<`invalid name '${S}': use letters, digits and _, and begin with a letter or _`>;
