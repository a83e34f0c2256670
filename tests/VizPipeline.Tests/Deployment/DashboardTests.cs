using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace VizPipeline.Tests.Deployment;

/// <summary>Dashboard and alerts only use metrics that exist.</summary>
public sealed partial class DashboardTests
{
    private static readonly JsonNode Dashboard = JsonNode.Parse(Repository.Read("deploy", "grafana", "viz-pipeline.json"))!;

    private static IEnumerable<JsonNode> Panels => Pod.List(Dashboard["panels"]);

    /// <summary>Returns all metrics that dashboard and alerts use.</summary>
    internal static IEnumerable<MetricUse> Uses => Queries
        .Concat(Alerts.Select(alert => alert["expr"]!.GetValue<string>()))
        .Concat(Pod.List(Dashboard["templating"]!["list"]).Select(variable => (string?)variable["definition"]).OfType<string>())
        .SelectMany(PromQl.Uses);

    private static IEnumerable<string> Queries => Panels.SelectMany(panel => Pod.List(panel["targets"]))
        .Select(target => target["expr"]!.GetValue<string>());

    private static IEnumerable<JsonNode> Alerts => Pod.List(
        Yaml.Read(Path.Combine(Helm.Chart, "files", "alerts.yml"))["groups"]![0]!["rules"]);

    [Fact]
    public void Every_query_asks_for_metrics_of_the_contract() => Assert.All(Queries, OnlyKnownMetrics);

    [Fact]
    public void Every_alert_asks_for_metrics_of_the_contract()
        => Assert.All(Alerts.Select(alert => alert["expr"]!.GetValue<string>()), OnlyKnownMetrics);

    [Fact]
    public void Every_metric_of_the_contract_is_shown()
    {
        var all = string.Join('\n', Queries);
        // For a histogram, one of its series.
        var shown = DeploymentContract.Metrics.Select(name => HistogramPart().Replace(name, "")).Distinct();
        Assert.All(shown, name => Assert.Contains(name, all));
    }

    [Fact]
    public void It_can_be_imported_anywhere()
    {
        Assert.Equal("datasource", (string?)Dashboard["templating"]!["list"]![0]!["type"]);
        foreach (var source in Panels.SelectMany(panel => Pod.List(panel["targets"]).Append(panel)).Select(
            node => node["datasource"]).OfType<JsonNode>())
            Assert.Equal("${datasource}", (string?)source["uid"]);
        Assert.Null(Dashboard["id"]);
        Assert.Equal(Panels.Count(), Panels.Select(panel => (int)panel["id"]!).Distinct().Count());
    }

    [Fact]
    public void Panels_do_not_lie_upon_each_other()
    {
        var cells = Panels.Select(panel => panel["gridPos"]!).SelectMany(at =>
            from x in Enumerable.Range((int)at["x"]!, (int)at["w"]!)
            from y in Enumerable.Range((int)at["y"]!, (int)at["h"]!)
            select (x, y)).ToList();
        Assert.Equal(cells.Count, cells.Distinct().Count());
        Assert.All(cells, cell => Assert.InRange(cell.x, 0, 23));
    }

    [Fact]
    public void Alerts_say_what_is_wrong_and_what_to_do()
    {
        Assert.NotEmpty(Alerts);
        foreach (var alert in Alerts)
        {
            Assert.NotEmpty(alert["annotations"]!["summary"]!.GetValue<string>());
            Assert.NotEmpty(alert["annotations"]!["description"]!.GetValue<string>());
            Assert.Contains((string?)alert["labels"]!["severity"], (string[])["info", "warning", "critical"]);
        }
    }

    [Fact]
    public void Prometheus_scrapes_the_ports_that_the_services_listen_on()
    {
        var scraped = Repository.Read("deploy", "prometheus.yml");
        var compose = Yaml.Read(Repository.Path("docker-compose.yml"))["services"]!;
        foreach (var (service, name) in new[]
        {
            ("coordinator", "coordinator"), ("atlas", "atlas"), ("worker", "workers"), ("worker-gpu", "workers"),
        })
        {
            Assert.Matches($@"names: \[{name}\], type: A, port: {compose[service]!["environment"]!["Http__Port"]}", scraped);
            if (name != service)
                Assert.Equal(name, (string?)Assert.Single(Pod.List(compose[service]!["networks"]!["bus"]!["aliases"])));
        }
    }

    private static void OnlyKnownMetrics(string query)
    {
        Assert.NotEmpty(PromQl.Uses(query));
        foreach (var (name, _) in PromQl.Uses(query))
        {
            Assert.True(
                DeploymentContract.Metrics.Contains(name)
                    || DeploymentContract.BrokerMetrics.Contains(name)
                    || DeploymentContract.MetricFamilies.Any(family => name.StartsWith(family, StringComparison.Ordinal)),
                $"{name} in {query}");
        }
    }

    [GeneratedRegex("_(bucket|sum|count)$")]
    private static partial Regex HistogramPart();
}
