using Microsoft.Extensions.DependencyInjection;
using VizPipeline.Catalog;
using VizPipeline.Hosting;
using VizPipeline.Jobs;
using VizPipeline.Tests.Cluster;
using VizPipeline.Tests.Coordinator;
using VizPipeline.Tests.Jobs;
using VizPipeline.Tests.ObjectStore;

namespace VizPipeline.Tests.Hosting;

[Trait("Speed", "Slow")]
public sealed class BusTransportTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Another_transport_carries_an_atlas_and_requests()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var settings = await ClusterServers.SettingsAsync();
        var options = new RabbitMqOptions
        {
            Host = settings["RabbitMq__Host"],
            Port = int.Parse(settings["RabbitMq__Port"], System.Globalization.CultureInfo.InvariantCulture),
            VirtualHost = settings["RabbitMq__VirtualHost"],
            User = settings["RabbitMq__User"],
            Password = settings["RabbitMq__Password"],
        };
        var spec = SpecSamples.Small();
        await using var host = new EmbeddedHost(_folder.Path, spec.Id, addBus: builder =>
        {
            builder.Services.AddSingleton(services => new PlainRabbitMqTransport(options, services));
            builder.Services.AddHostedService(services => services.GetRequiredService<PlainRabbitMqTransport>());
            builder.Services.AddJobBus(services => services.GetRequiredService<PlainRabbitMqTransport>());
        });

        var outcome = await host.RunAsync(spec, cancellation);

        Assert.Equal(AtlasState.Completed, outcome.State);
        Assert.Equal(JobPlan.For(spec).Count, host.Work.Begun.Count);
        Assert.Equal(new OpenJobs(0), await host.Requests.AskAsync(new OpenJobsAsked([.. JobKinds.Names]), cancellation));
    }
}
