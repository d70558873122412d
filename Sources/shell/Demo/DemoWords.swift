/// The words that a demo bank is made of.
enum DemoWords {
    struct City: Sendable {
        var name: String
        var region: String
        var weight: Int
    }

    static let cities: [City] = [
        City(name: "Shanghai", region: "East", weight: 16), City(name: "Hangzhou", region: "East", weight: 14),
        City(name: "Beijing", region: "North", weight: 13), City(name: "Shenzhen", region: "South", weight: 12),
        City(name: "Guangzhou", region: "South", weight: 10), City(name: "Chengdu", region: "West", weight: 9),
        City(name: "Nanjing", region: "East", weight: 8), City(name: "Wuhan", region: "Central", weight: 7),
        City(name: "Chongqing", region: "West", weight: 6), City(name: "Suzhou", region: "East", weight: 6),
        City(name: "Xi'an", region: "West", weight: 5), City(name: "Tianjin", region: "North", weight: 5),
        City(name: "Qingdao", region: "North", weight: 4), City(name: "Changsha", region: "Central", weight: 4),
        City(name: "Ningbo", region: "East", weight: 4), City(name: "Shenyang", region: "Northeast", weight: 3),
        City(name: "Dalian", region: "Northeast", weight: 3), City(name: "Xiamen", region: "South", weight: 3),
        City(name: "Zhengzhou", region: "Central", weight: 3), City(name: "Kunming", region: "West", weight: 2),
        City(name: "Harbin", region: "Northeast", weight: 2), City(name: "Jinan", region: "North", weight: 2),
        City(name: "Hefei", region: "East", weight: 2), City(name: "Ürümqi", region: "West", weight: 1),
    ]
    static let branchPlaces = [
        "Central", "West Lake", "Riverside", "North Gate", "Station", "University", "Harbour", "Garden", "Market", "Science Park",
        "Old Town",
        "Temple Street", "People's Square", "Lakeside", "South Gate", "Airport", "New District", "Bridge", "Stadium", "Bell Tower",
    ]

    static let industries = [
        "manufacturing", "trade", "information technology", "education", "health", "public service", "construction", "transport",
        "agriculture",
        "services", "finance",
    ]
    static let lifeStages = ["student", "single", "couple", "young family", "established family", "empty nest", "retired"]
    static let channels = ["mobile", "web", "branch", "atm", "pos", "auto"]
    static let types = [
        "salary", "transfer_in", "transfer_out", "purchase", "cash_deposit", "cash_withdrawal", "interest", "fee", "bill_payment",
        "loan_repayment", "loan_drawdown", "card_repayment", "deposit_in", "deposit_out", "closing",
    ]
    static let currencies = ["CNY", "USD", "EUR", "HKD", "JPY", "GBP", "AUD"]

    static let merchants = [
        "Hema Fresh", "Lianhua Supermarket", "Blue Kettle Tea", "Metro Transit", "Didi Rides", "Sunrise Bakery", "Golden Wok",
        "City Pharmacy",
        "Cloud Books", "Little Panda Toys", "Skyline Cinema", "North Star Fuel", "Jade Garden Hotel", "Swift Air", "High Speed Rail",
        "Noodle House",
        "Plum Blossom Clothes", "Evergreen Gym", "Star Mobile", "Home & Hearth", "Lotus Dental", "Harvest Grain", "Silk Road Travel",
        "Apex Electronics",
        "Pearl Jewellery", "Willow Furniture", "Bright Kids School", "Dragon Games", "Café Lumière", "Müller Optics", "Happy Paws",
        "Green Bicycle",
        "老字号饭庄", "新华书店", "永辉超市", "好邻居便利店", "西湖茶社", "同心药房", "大光明影院", "小吃街", "Old Harbour Seafood", "Winter Sports", "Piano Corner",
        "Orchid Flowers", "Second Hand Market", "Art & Frame", "Ten Thousand Stitches", "O'Malley's",
    ]
    static let employers = [
        "Yangtze Machinery", "Bright Future School", "Jiangnan Textiles", "East Sea Shipping", "City Hospital No. 1",
        "Hangzhou Software Park",
        "Public Works Office", "Lotus Logistics", "Great Wall Steel", "Harmony Hotels", "Phoenix Media", "Pearl River Foods",
        "Delta Construction",
        "Northern Rail", "Red Maple Energy", "Summit Consulting", "Blue Ocean Fisheries", "Kirin Pharma", "Star Chip Design",
        "Golden Field Farms",
    ]
    static let utilities = ["State Grid", "City Water", "City Gas", "Sunshine Property", "Telecom One", "Metro Broadband"]

    static let surnames = Array("王李张刘陈杨黄赵周吴徐孙朱马胡郭林何高梁郑罗宋谢唐韩曹许邓萧冯曾程蔡彭潘袁于董余苏叶吕魏蒋田杜丁沈姜范江傅钟卢汪戴崔任陆").map { String($0) }
    static let doubleSurnames = ["欧阳", "上官", "司马", "诸葛"]
    static let maleNames = [
        "伟", "强", "磊", "军", "勇", "涛", "杰", "斌", "鹏", "浩", "建国", "志强", "文博", "子轩", "浩然", "宇航", "明哲", "国栋", "家豪", "俊杰", "天佑", "海涛",
        "晓东", "振华", "永康", "嘉诚", "思远", "博文", "立新", "瑞林", "少华", "一鸣",
    ]
    static let femaleNames = [
        "芳", "娜", "敏", "静", "丽", "艳", "娟", "霞", "婷", "雪", "秀英", "桂兰", "雨桐", "梓涵", "欣怡", "诗涵", "晓燕", "美玲", "海燕", "丽华", "佳怡", "梦琪",
        "思雨", "玉兰", "春梅", "若曦", "子萱", "慧敏", "文静", "嘉欣", "雅琴", "可馨",
    ]
    static let latinMale = [
        "James", "John", "Michael", "David", "Thomas", "Daniel", "Peter", "Paul", "Mark", "Andrew", "Lucas", "Martin", "José", "François",
        "Jürgen",
        "Søren", "Łukasz", "André", "Marco", "Ivan", "Omar", "Ravi", "Kenji", "Liam", "Noah", "Felix",
    ]
    static let latinFemale = [
        "Mary", "Anna", "Laura", "Sarah", "Emma", "Julia", "Sofia", "Maria", "Elena", "Clara", "Nina", "Eva", "Zoë", "Chloé", "Renée",
        "Inés", "Agnès",
        "Karin", "Ingrid", "Priya", "Aiko", "Fatima", "Olga", "Ruth", "Grace", "Lily",
    ]
    static let latinLast = [
        "Smith", "Johnson", "Brown", "Taylor", "Wilson", "Martin", "Clark", "Hall", "Young", "King", "Wright", "Green", "Baker", "Adams",
        "Nelson",
        "Carter", "Müller", "Schmidt", "Weber", "Fischer", "García", "López", "Silva", "Rossi", "Bianchi", "Dubois", "Lefèvre", "Novák",
        "Kowalski",
        "Jensen", "Nilsson", "Ivanov", "Tanaka", "Kim", "Singh", "Khan", "Ali", "Costa", "Moreau", "O'Brien", "O'Neill", "van der Berg",
        "McDonald",
        "Wong", "Lee", "Tan",
    ]

    static let complaintTopics = [
        "fees", "waiting time", "mobile app", "card blocked", "wrong posting", "staff conduct", "loan terms", "fund losses",
    ]
    static let contactMethods = ["call", "message", "visit", "salon"]
    static let contactThemes = ["care", "birthday", "maturity", "product news", "festival", "portfolio review", "thanks"]
    static let callReasons = ["balance", "card", "complaint", "loan", "transfer", "product question"]
    static let interests = ["travel", "tea", "sports", "music", "reading", "cooking", "photography", "gardening", "investing", "children"]
    static let salonThemes = [
        "tea and funds", "family finance", "retirement", "children's calligraphy", "health day", "gold and jewellery", "home loans", "wine",
    ]
    static let riskBands = ["A", "B", "C", "D", "E"]
}
