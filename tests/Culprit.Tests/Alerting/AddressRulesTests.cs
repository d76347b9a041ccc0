using System.Net;
using Culprit.Server.Alerting.Sinks;
using Culprit.Server.Alerting.Sinks.Slack;
using Xunit;

namespace Culprit.Tests.Alerting;

public sealed class AddressRulesTests
{
    [Theory]
    [InlineData("Public", "8.8.8.8 1.1.1.1 52.1.2.3 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.1")]
    [InlineData("Public", "172.15.255.255 172.32.0.0 192.167.255.255 192.169.0.0 169.253.255.255 169.255.0.0 223.255.255.255")]
    [InlineData("Public", "2606:4700::1111 2a00:1450::1 ::ffff:8.8.8.8 64:ff9b::8.8.8.8")]
    [InlineData("Loopback", "127.0.0.1 127.255.255.254 127.1.2.3 ::1 ::ffff:127.0.0.1 ::ffff:7f00:1")]
    [InlineData("Private", "10.0.0.0 10.255.255.255 172.16.0.1 172.31.255.255 192.168.0.1 192.168.255.255 100.64.0.1 100.127.255.255")]
    [InlineData("Private", "fc00::1 fd12:3456::1 ::ffff:10.0.0.1 64:ff9b::10.0.0.1 64:ff9b::c0a8:1 2606::5efe:10.0.0.1 2606::200:5efe:a00:1")]
    [InlineData("Forbidden", "0.0.0.0 0.1.2.3 169.254.169.254 169.254.0.1 168.63.129.16 100.100.100.200 192.0.0.192 192.0.2.1 192.88.99.1")]
    [InlineData("Forbidden", "198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255")]
    [InlineData("Forbidden", ":: fe80::1 fe80::1%1 fec0::1 ff02::1 100::1 ::127.0.0.1 ::10.0.0.1 ::ffff:0:127.0.0.1 ::ffff:169.254.169.254")]
    [InlineData("Forbidden", "64:ff9b::127.0.0.1 64:ff9b::169.254.169.254 64:ff9b:1::1 2001::1 2001:db8::1 2002:7f00:1:: 2002:a00:1:: 3fff::1 5f00::1")]
    [InlineData("Forbidden", "fd00:ec2::254 ::ffff:0.0.0.0 ::ffff:168.63.129.16 4000::1")]
    public void AnAddressHasAClass(string expected, string addresses)
    {
        foreach (var address in addresses.Split(' '))
        {
            Assert.Equal((address, expected), (address, AddressRules.Classify(IPAddress.Parse(address)).ToString()));
        }
    }

    [Theory]
    [InlineData("8.8.8.8", true, true, true, true)]
    [InlineData("127.0.0.1", false, true, true, true)]
    [InlineData("10.0.0.1", false, false, true, true)]
    [InlineData("169.254.169.254", false, false, false, false)]
    public void OptionsOpenWhatTheyName(string address, bool byDefault, bool withLoopback, bool withPrivate, bool withBoth)
    {
        bool MayUse(bool loopback, bool isPrivate) => AddressRules.Refuse(
            IPAddress.Parse(address), new SlackOptions { AllowLoopback = loopback, AllowPrivate = isPrivate }) is null;

        Assert.Equal(
            (byDefault, withLoopback, withPrivate, withBoth),
            (MayUse(false, false), MayUse(true, false), MayUse(false, true), MayUse(true, true)));
    }
}
