using Microsoft.Extensions.DependencyInjection;
using VizPipeline.Catalog;
using VizPipeline.Hosting;
using VizPipeline.Jobs;
using VizPipeline.Tests.Cluster;
using VizPipeline.Tests.Coordinator;
using VizPipeline.Tests.Jobs;

namespace VizPipeline.Tests.Hosting;

[Trait("Speed", "Slow")]
public sealed class BusTransportTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_answer_is_sent_until_the_broker_has_it(bool hangs)
    {
        var transport = new RestartingBroker(hangs);
        await using var services = new ServiceCollection().AddSingleton<TimeProvider>(new FastClock(60))
            .AddJobBus(_ => transport).BuildServiceProvider();
        var bus = services.GetRequiredService<IJobBus>();

        await bus.AnswerAsync(new JobReturned("atlas", 1, 1, "worker", ReturnReason.Stopping), TestContext.Current.CancellationToken)
            .WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        Assert.Equal(3, transport.Sent);
    }

    private sealed class RestartingBroker(bool hangs) : IBusTransport
    {
        public int Sent { get; private set; }

        public Task WaitUntilReadyAsync(CancellationToken cancellation) => Task.CompletedTask;

        public Task SendAsync(string queue, BusMessage message, CancellationToken cancellation) => ++Sent switch
        {
            3 => Task.CompletedTask,
            _ when hangs => new TaskCompletionSource().Task,
            _ => Task.FromException(new TaskCanceledException()),
        };

        public Task BroadcastAsync(string queue, BusMessage message, CancellationToken cancellation) => Task.CompletedTask;

        public Task<BusMessage> AskAsync(string queue, BusMessage request, TimeSpan patience, CancellationToken cancellation)
            => Task.FromException<BusMessage>(new TimeoutException());
    }

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
