/** A style sheet, which the build makes smaller and puts into the script as a text. */
declare module "*.css" {
  const text: string;
  export default text;
}
