using System.Text.Json.Nodes;

namespace VizPipeline.Tests.Deployment;

/// <summary>Which pods may connect to which.</summary>
public sealed class ChartNetworkTests
{
    [Fact]
    public async Task Everything_is_forbidden_at_first()
    {
        var policy = (await Helm.Render("required")).Find("NetworkPolicy", "default-deny")["spec"]!;
        Assert.Equal(["Egress", "Ingress"], Pod.List(policy["policyTypes"]).Select(t => (string?)t).Order());
        Assert.Null(policy["ingress"]);
        Assert.Null(policy["egress"]);
    }

    [Fact]
    public async Task Workers_reach_bus_and_object_store_and_nothing_else()
    {
        var release = await Helm.Render("everything");
        Assert.Equal([4317, 5671, 9000], Ports(release.Find("NetworkPolicy", "-worker")["spec"]!["egress"]));
        Assert.Equal([4317, 5671, 6432, 9000], Ports(release.Find("NetworkPolicy", "-coordinator")["spec"]!["egress"]));
    }

    [Theory]
    [InlineData("https://s3.example.com", 443)]
    [InlineData("http://s3.example.com", 80)]
    [InlineData("http://s3.example.com:9000", 9000)]
    [InlineData("https://[fd00::1]:7480", 7480)]
    public async Task The_port_of_the_object_store_is_read_off_its_address(string endpoint, int port)
    {
        var release = await Helm.Render("required", "objectStore.endpoint=" + endpoint);
        Assert.Equal(((int[])[port, 5671]).Order(), Ports(release.Find("NetworkPolicy", "-worker")["spec"]!["egress"]));
    }

    [Fact]
    public async Task In_a_trial_the_database_answers_all_but_the_workers()
    {
        var release = await Helm.Render("trial");
        var rule = Assert.Single(Pod.List(release.Find("NetworkPolicy", "-postgres")["spec"]!["ingress"]));
        var components = Pod.List(rule["from"])
            .Select(from => (string?)from["podSelector"]!["matchLabels"]!["app.kubernetes.io/component"]);
        Assert.Equal(["atlas", "coordinator", "migration"], components.Order());
        Assert.All(Pod.List(release.Find("NetworkPolicy", "-worker")["spec"]!["egress"]), to => Assert.NotNull(to["to"]));
    }

    [Fact]
    public async Task They_can_be_left_out() => Assert.Empty((await Helm.Render("open-network")).OfKind("NetworkPolicy"));

    private static IEnumerable<int> Ports(JsonNode? rules) =>
        Pod.List(rules).SelectMany(rule => Pod.List(rule["ports"])).Select(port => (int)port["port"]!.GetValue<long>()).Order();
}
