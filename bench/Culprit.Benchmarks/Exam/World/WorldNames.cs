namespace Culprit.Benchmarks.Exam.World;

/// <summary>Words from which a world takes its names.</summary>
internal static class WorldNames
{
    public static readonly IReadOnlyList<string> Bffs = ["web", "mobile", "partner", "kiosk", "storefront", "console"];

    public static readonly IReadOnlyList<string> Nouns =
    [
        "order", "cart", "customer", "price", "stock", "coupon", "shipment", "invoice", "review", "catalog", "search", "session",
        "address", "loyalty", "tax", "quote", "booking", "seat", "ledger", "wallet", "policy", "claim", "device", "tariff",
        "meter", "playlist", "profile", "permission", "document", "geocode", "menu", "courier", "slot", "currency", "fraud", "asset",
    ];

    public static readonly IReadOnlyList<string> Workers =
        ["mailer", "indexer", "exporter", "thumbnailer", "settlement", "notifier", "archiver", "reconciler", "enricher", "pusher"];

    public static readonly IReadOnlyList<string> Jobs = ["rollup", "janitor", "billing-run", "report-builder", "cleanup"];

    public static readonly IReadOnlyList<string> Suffixes = ["-service", "-svc", "-api", ""];

    public static readonly IReadOnlyList<(string Name, string Address)> Providers =
    [
        ("payfast", "api.payfast.example:443"), ("mailgrid", "smtp.mailgrid.example:587"), ("geohub", "maps.geohub.example:443"),
        ("smsline", "gw.smsline.example:443"), ("taxcloud", "api.taxcloud.example:443"), ("idcheck", "verify.idcheck.example:443"),
    ];

    public static readonly IReadOnlyList<string> Authors =
        ["a.novak", "j.silva", "m.tanaka", "r.okoye", "s.lind", "t.moreau", "v.rossi", "k.weber", "p.shah", "l.garcia"];

    /// <summary>What operations say of their work.</summary>
    public static readonly IReadOnlyList<string> Details =
    [
        "{noun} {id} loaded in {ms} ms", "Loaded {n} {noun} entries for user {n}", "{noun} {id} state changed from PENDING to ACTIVE",
        "Resolved {noun} {id} from region eu-{n1}", "Applied {n1} rules to {noun} {id}", "Computed {noun} totals: {n} items, {ms} ms",
        "Stored {noun} {id} version {n1}", "{noun} lookup by key {hex} returned {n1} rows", "Page {n1} of {noun} list built for tenant t-{n}",
        "Merged {n1} pending updates into {noun} {id}", "Validated {noun} {id} against schema v{n1}", "{noun} {id} enqueued for follow-up",
    ];
}
