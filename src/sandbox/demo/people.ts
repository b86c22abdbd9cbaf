import type { Buyer, Item } from '../stripe/types.ts'

const person = (
  name: string,
  line1: string,
  place: { city: string; country: string; postal_code: string },
): Buyer => ({
  name,
  email: `${name
    .toLowerCase()
    .normalize('NFD')
    .replace(/[^a-z ]/g, '')
    .replaceAll(' ', '.')}@example.com`,
  address: { line1, ...place },
})

/** Who buys in the demo. None of them exists. */
export const people = {
  ada: person('Ada Marsh', '12 Mill Lane', { city: 'Portland', country: 'US', postal_code: '97201' }),
  grace: person('Grace Okoye', '4 Harbour Street', { city: 'Boston', country: 'US', postal_code: '02108' }),
  lena: person('Lena Vogt', 'Lindenweg 8', { city: 'Bremen', country: 'DE', postal_code: '28195' }),
  mary: person('Mary Quinn', '77 Oak Avenue', { city: 'Austin', country: 'US', postal_code: '73301' }),
  yuki: person('Yuki Tanaka', '3-2-1 Aoba', { city: 'Sendai', country: 'JP', postal_code: '980-0811' }),
  fatima: person('Fatima Al Sabah', 'Block 4, Street 9', {
    city: 'Kuwait City',
    country: 'KW',
    postal_code: '13001',
  }),
  jose: person('José Rivera', 'Calle Mayor 5', { city: 'Madrid', country: 'ES', postal_code: '28013' }),
  sam: person('Sam Field', '9 Hill Road', { city: 'Denver', country: 'US', postal_code: '80014' }),
  olga: person('Olga Lind', 'Storgatan 1', { city: 'Malmö', country: 'SE', postal_code: '211 34' }),
  ben: person('Ben Carter', '51 Lake View', { city: 'Chicago', country: 'US', postal_code: '60007' }),
  ivy: person('Ivy Chen', '18 Pine Court', { city: 'Seattle', country: 'US', postal_code: '98101' }),
  nils: person('Nils Berg', 'Fjordveien 22', { city: 'Bergen', country: 'NO', postal_code: '5003' }),
  chloe: person('Chloé Martin', '6 rue du Lac', { city: 'Lyon', country: 'FR', postal_code: '69001' }),
  pat: person('Pat Kelly', '30 River Bend', { city: 'Nashville', country: 'US', postal_code: '37011' }),
  zed: person('Zed Moore', '1 Dune Drive', { city: 'Phoenix', country: 'US', postal_code: '85001' }),
} as const

/** What the shop sells, with what lies on its shelves in the morning. */
export const goods = {
  tee: { sku: 'TEE-M', title: 'T-shirt, medium', onHand: 60 },
  mug: { sku: 'MUG', title: 'Mug', onHand: 40 },
  cap: { sku: 'CAP', title: 'Cap', onHand: 25 },
  poster: { sku: 'POSTER', title: 'Poster', onHand: 80 },
  card: { sku: 'GIFT-TAG', title: 'Free gift tag', onHand: 500 },
} as const

/** So many of one thing, each at this price in minor units. */
export function some(quantity: number, thing: keyof typeof goods, unitAmount: number): Item {
  const { sku, title } = goods[thing]
  return { sku, title, quantity, unitAmount }
}
