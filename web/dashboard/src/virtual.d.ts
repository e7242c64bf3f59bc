declare module "virtual:world" {
  const world: { width: number; height: number; countries: { code: string; name: string; path: string }[] };
  export default world;
}
