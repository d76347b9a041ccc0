using System.Globalization;
using Culprit.Server.Redaction;

namespace Culprit.Tests.Redaction;

public class RedactorTests
{
    [Fact]
    public void OfAThousandPlantedSecretsNoneLeaves()
    {
        var left = PlantedSecrets.Take(1000).Where(p => new Redactor().Redact(p.Line).Contains(p.Secret, StringComparison.Ordinal)).ToList();

        Assert.Empty(left);
    }

    [Theory]
    [InlineData("mail to anna.berg+x@mail.example.co.uk bounced", "mail to [email-1] bounced")]
    [InlineData("card 4111 1111 1111 1111 declined", "card [card-1] declined")]
    [InlineData("card 4111 1111 1111 1112 declined", "card 4111 1111 1111 1112 declined")]
    [InlineData("transfer from DE89 3704 0044 0532 0130 00 failed", "transfer from [iban-1] failed")]
    [InlineData("call +49 30 901820 now", "call [phone-1] now")]
    [InlineData("client 203.0.113.9 blocked, again 203.0.113.9, then 198.51.100.4", "client [ip-1] blocked, again [ip-1], then [ip-2]")]
    [InlineData("connect 10.0.3.4:5432 refused by 192.168.1.7 and 127.0.0.1", "connect 10.0.3.4:5432 refused by 192.168.1.7 and 127.0.0.1")]
    public void PersonalDataHasStablePlaceholders(string text, string redacted) => Assert.Equal(redacted, new Redactor().Redact(text));

    [Fact]
    public void ContactsStayWhenAsked()
    {
        const string Line = "anna@example.com, +49 30 901820, 203.0.113.9: ";

        Assert.Equal(Line + "password=[secret-1]", new Redactor { KeepsContacts = true }.Redact(Line + "password=opensesame"));
    }

    [Fact]
    public void WhatWasTakenOutIsPutBack()
    {
        const string Text = "anna@example.com wrote to bert@example.com with password=opensesame from 203.0.113.9";
        var redactor = new Redactor();

        Assert.Equal(Text, redactor.Restore(redactor.Redact(Text)));
        Assert.Equal("[email-9] is nobody", redactor.Restore("[email-9] is nobody"));
    }

    [Fact]
    public void OrdinaryLinesStayAsTheyAre()
    {
        var random = new Random(3);
        var masked = new List<string>();
        for (var i = 0; i < 2000; i++)
        {
            var line = string.Format(CultureInfo.InvariantCulture, Benign[i % Benign.Length], random.Next(1, 99999), PlantedSecrets.Text(random, 8, "0123456789abcdef"), random.Next(1, 250));
            if (new Redactor().Redact(line) != line)
            {
                masked.Add(line);
            }
        }

        Assert.True(masked.Count <= 20, $"{masked.Count} of 2000 lines were masked, such as: {string.Join(" | ", masked.Take(5))}");
    }

    private static readonly string[] Benign =
    [
        "request {0} took {2} ms", "order {1} placed by customer {0}", "connection to 10.1.{2}.7:5432 refused after {0} tries",
        "GET /api/v1/items/{1}?page={2} 200 {0}", "2026-03-01T12:00:{2}Z worker {1} started", "cache key user:{0}:profile missed",
        "java.lang.NullPointerException at com.example.Service.run(Service.java:{2})", "token bucket refilled to {0}", "pod checkout-{1} evicted from node-{2}",
        "trace 4bf92f3577b34da6a3ce929d{1} sampled", "password policy updated", "no secret found at path kv/data/app", "commit {1} deployed to production",
        "disk usage {2} percent on /dev/sda1", "retrying in {0} ms (attempt {2})", "session expired for user {0}", "version 1.{2}.{0} starting",
        "authorization denied for role reader", "kafka offset {0} partition {2}", "metric cpu=0.{2} mem={0}",
    ];
}
