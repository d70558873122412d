import Storage

extension DemoBank {
    /// How the bank's tables hang together. Of several links of one table the first decides how its rows lie: by customer.
    var links: [LinkSchema] {
        [
            link("staff", "branch_id", "branches", "branch", "staff"),
            link("news", "product_id", "products", "product", "news"),
            link("campaigns", "product_id", "products", "product", "campaigns"),
            link("events", "branch_id", "branches", "branch", "events"),
            link("customers", "branch_id", "branches", "branch", "customers"),
            link("customers", "manager_id", "staff", "manager", "customers"),
            link("customers", "tier", "tiers", "tier_terms", "customers"),
            link("customers", "referred_by", "customers", "referrer", "referred"),
            link("accounts", "customer_id", "customers", "customer", "accounts"),
            link("accounts", "product_id", "products", "product", "accounts"),
            link("holdings", "customer_id", "customers", "customer", "holdings"),
            link("holdings", "product_id", "products", "product", "holdings"),
            link("holdings", "account_id", "accounts", "account", "holdings"),
            link("holdings", "sold_by", "staff", "seller", "sales"),
            link("transactions", "customer_id", "customers", "customer", "transactions"),
            link("transactions", "account_id", "accounts", "account", "transactions"),
            link("customer_months", "customer_id", "customers", "customer", "months"),
            link("risk_ratings", "customer_id", "customers", "customer", "ratings"),
            link("points", "customer_id", "customers", "customer", "points"),
            link("contacts", "customer_id", "customers", "customer", "contacts"),
            link("contacts", "staff_id", "staff", "staff", "contacts"),
            link("calls", "customer_id", "customers", "customer", "calls"),
            link("calls", "staff_id", "staff", "staff", "calls"),
            link("event_guests", "customer_id", "customers", "customer", "invitations"),
            link("event_guests", "event_id", "events", "event", "guests"),
            link("campaign_targets", "customer_id", "customers", "customer", "targeted"),
            link("campaign_targets", "campaign_id", "campaigns", "campaign", "targets"),
            link("applications", "customer_id", "customers", "customer", "applications"),
            link("applications", "product_id", "products", "product", "applications"),
            link("applications", "staff_id", "staff", "staff", "applications"),
            link("application_steps", "application_id", "applications", "application", "steps"),
            link("application_steps", "customer_id", "customers", "customer", "application_steps"),
            link("complaints", "customer_id", "customers", "customer", "complaints"),
            link("complaints", "branch_id", "branches", "branch", "complaints"),
            link("complaints", "staff_id", "staff", "staff", "complaints"),
            link("surveys", "customer_id", "customers", "customer", "surveys"),
            link("surveys", "branch_id", "branches", "branch", "surveys"),
            link("surveys", "staff_id", "staff", "staff", "surveys"),
            link("referrals", "referrer_customer_id", "customers", "referrer", "referrals"),
            link("referrals", "referrer_staff_id", "staff", "referrer_staff", "referrals"),
            link("referrals", "referred_customer_id", "customers", "referred", "brought_by"),
            link("goals", "branch_id", "branches", "branch", "goals"),
            link("goals", "staff_id", "staff", "staff", "goals"),
            link("goals", "product_id", "products", "product", "goals"),
            link("year_goals", "branch_id", "branches", "branch", "year_goals"),
        ]
    }

    private func link(_ child: String, _ column: String, _ parent: String, _ parentName: String, _ childrenName: String) -> LinkSchema {
        LinkSchema(
            child: child, childColumns: [column], parent: parent, parentColumns: [], parentName: parentName, childrenName: childrenName)
    }
}
