using VizPipeline.Catalog;
using VizPipeline.Tests.EndToEnd;
using VizPipeline.Tests.Servers;

namespace VizPipeline.Tests.Cluster;

/// <summary>Tests all three servers behind TLS, with certificates from a lab's own authority.</summary>
[Collection(ClusterProcesses.Name)]
[Trait("Speed", "Slow")]
public class TlsTests(SampleMaterial material)
{
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_atlas_is_made_over_TLS_alone_and_another_authority_is_refused_in_one_line()
    {
        var (ca, other) = (material.Out("lab-ca.pem"), material.Out("other-ca.pem"));
        using var certificate = TlsProxy.Issue(ca);
        TlsProxy.Issue(other).Dispose();
        var proxies = new List<TlsProxy>();
        try
        {
            await using var cluster = await TestCluster.StartAsync(material, change: settings =>
            {
                TlsProxy Before(string port, bool isPostgres = false)
                {
                    proxies.Add(new TlsProxy(int.Parse(port), certificate, isPostgres));
                    return proxies[^1];
                }
                settings["RabbitMq__Port"] = $"{Before(settings["RabbitMq__Port"]).Port}";
                settings["RabbitMq__Tls"] = "true";
                settings["RabbitMq__CaFile"] = ca;
                settings["Postgres__Port"] = $"{Before(settings["Postgres__Port"], isPostgres: true).Port}";
                settings["Postgres__Tls"] = "VerifyFull";
                settings["Postgres__CaFile"] = ca;
                settings["ObjectStore__Endpoint"] =
                    $"https://127.0.0.1:{Before(new Uri(settings["ObjectStore__Endpoint"]).Port.ToString()).Port}";
                settings["ObjectStore__CaFile"] = ca;
            });
            cluster.AddWorker();
            await cluster.WaitForWorkersAsync(1, _cancellation);
            await cluster.SubmitAsync(_cancellation);
            Assert.Equal(AtlasState.Completed, await cluster.FinishAsync(_cancellation));
            Assert.All(proxies, proxy => Assert.True(proxy.Secured > 0));

            foreach (var (setting, server) in new[]
            {
                ("RabbitMq__CaFile", "RabbitMQ at 127.0.0.1"), ("Postgres__CaFile", "The catalog 127.0.0.1"),
                ("ObjectStore__CaFile", "S3 at https://127.0.0.1"),
            })
            {
                using var refused = ServiceProcess.Start(
                    "VizPipeline.Coordinator",
                    new Dictionary<string, string>(cluster.Settings) { [setting] = other, ["Http__Port"] = "0" });
                Assert.Equal(2, await refused.FinishAsync(TimeSpan.FromSeconds(20), _cancellation));
                Assert.Contains(server, refused.Log);
                Assert.DoesNotContain("   at ", refused.Log);
            }
        }
        finally
        {
            foreach (var proxy in proxies)
                proxy.Dispose();
        }
    }
}
