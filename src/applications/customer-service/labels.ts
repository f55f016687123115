/** How a customer may feel towards the company. */
export const sentiments = ["negative", "neutral", "positive"] as const;
/** How soon somebody must act. */
export const urgencies = ["low", "medium", "high"] as const;
/** How soon a message is to be dealt with, the least urgent first. */
export const priorities = ["low", "normal", "high", "urgent"] as const;

/** One of {@link sentiments}. */
export type Sentiment = (typeof sentiments)[number];
/** One of {@link urgencies}. */
export type Urgency = (typeof urgencies)[number];
/** One of {@link priorities}. */
export type Priority = (typeof priorities)[number];

/** What messages to an airline are about, each with what tells it from the others. */
export const airlineCategories = {
  baggage: "cabin and hold luggage, lost property",
  delay: "late flights, changes of gate or time, missed connections",
  cancellation: "flights the airline took off, and what it offered instead",
  booking: "search, price, payment, names, changes the customer makes to a ticket",
  refund: "money or vouchers claimed or awaited",
  service: "crew, ground staff, telephone and chat agents, assistance",
  seating: "seats given, paid for, moved or uncomfortable",
  food: "meals, drinks, allergens",
  app: "the app, the website, notifications, log-in, check-in",
  loyalty: "points, tiers, lounges",
  other: "cabin, noise, cleanliness, safety reports, anything else",
} as const;

/** What a message was read as. */
export interface ServiceReading {
  sentiment: Sentiment;
  urgency: Urgency;
  category: string;
}
