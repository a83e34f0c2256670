using System.Text.Json.Nodes;

namespace VizPipeline.Tests.Deployment;

/// <summary>Wrong values are rejected before anything is installed, and the message names them.</summary>
public sealed class ChartValuesTests
{
    [Theory]
    [InlineData("worker.shutdownSecond=10", "shutdownSecond")]
    [InlineData("workers[0].kinds={scan,paint}", "workers.0.kinds.1")]
    [InlineData("workers[0].gpus=-1", "workers.0.gpus")]
    [InlineData("workers[0].gpu=1", "gpu is not allowed")]
    [InlineData("workers[0].name=Big_Pool", "workers.0.name")]
    [InlineData("workers[0].replicas=1", "name is required")]
    [InlineData("worker.graceSeconds=10", "worker.graceSeconds")]
    [InlineData("postgres.tls=yes", "postgres.tls")]
    [InlineData("postgres.password=secret", "password is not allowed")]
    [InlineData("postgres.coordinator.password=secret", "password is not allowed")]
    [InlineData("rabbitmq.management.url=https://user:secret@rabbitmq.example.com", "rabbitmq.management.url")]
    [InlineData("objectStore.endpoint=s3.example.com", "objectStore.endpoint")]
    [InlineData("objectStore.bucket=Viz", "objectStore.bucket")]
    [InlineData("trial.postgres.image=postgres", "trial.postgres.image")]
    [InlineData("log=xml", "log")]
    [InlineData("workers=null", "workers is required")]
    [InlineData("image.digests.worker=latest", "image.digests.worker")]
    [InlineData("workers[0].name=cpu,workers[0].maxUnavailable=0", "workers.0.maxUnavailable")]
    [InlineData("servedElsewhere={scans}", "servedElsewhere.0")]
    [InlineData("coordinator.envFrom[0].secret=x", "secret is not allowed")]
    [InlineData("coordinator.migrate=false", "migrate is not allowed")]
    [InlineData("coordinator.replicas=two", "coordinator.replicas")]
    [InlineData("coordinator.env[0].name=Postgres__Password,coordinator.env[0].value=secret", "coordinator.env.0.name")]
    [InlineData("atlas.enable=true", "enable is not allowed")]
    public async Task The_schema_refuses(string change, string named) => await Refused("required", change, named);

    [Theory]
    [InlineData("required", "workers[0].name=cpu,workers[0].keda.enabled=true,workers[0].keda.minReplicas=9", "minReplicas is above")]
    [InlineData("gpu-keda", "workers[1].name=gpu", "two pools are called gpu")]
    [InlineData("gpu-keda", "rabbitmq.management.url=", "rabbitmq.management.url")]
    [InlineData("trial", "data.images.existingClaim=imagenet", "data.images: existingClaim or hostPath")]
    [InlineData("trial", "trial.existingSecret=", "trial.existingSecret")]
    [InlineData("required", "rabbitmq.worker.existingSecret=", "rabbitmq.worker.existingSecret")]
    [InlineData("required", "http.existingSecret=", "http.existingSecret")]
    [InlineData("required", "postgres.host=", "postgres.host")]
    [InlineData("everything", "coordinator.ingress.host=", "coordinator.ingress.host")]
    [InlineData(
        "required", "workers[0].name=few,workers[0].kinds={scan,merge,patches,ascent,filters,sheet,facets,live}",
        "no pool with workers serves gather, so these jobs would wait for ever")]
    [InlineData("required", "workers[0].name=none,workers[0].replicas=0", "serves scan, gather, merge")]
    [InlineData("other-workers", "servedElsewhere={scan,patches,facets,live}", "no pool with workers serves ascent")]
    public async Task The_templates_refuse(string values, string change, string named) => await Refused(values, change, named);

    [Fact]
    public async Task Without_any_values_the_message_says_what_to_give()
        => await Refused(null, "log=json", "say where you pushed the images");

    [Fact]
    public void The_chart_s_README_names_every_value()
    {
        var readme = Repository.Read("helm", "viz-pipeline", "README.md");
        foreach (var (name, value) in Yaml.Read(Path.Combine(Helm.Chart, "values.yaml")).AsObject())
        {
            Assert.Contains(name, readme);
            // The second level, for the sections that the table lists key by key.
            foreach (var key in (value as JsonObject ?? []).Select(pair => pair.Key).Where(
                _ => name is "trial" or "networkPolicy" or "worker" or "keda" or "http"))
                Assert.Contains(key, readme);
        }
        var schema = JsonNode.Parse(Repository.Read("helm", "viz-pipeline", "values.schema.json"))!;
        foreach (var (key, _) in schema["definitions"]!["pool"]!["properties"]!.AsObject())
            Assert.Contains($"`{key}", readme);
    }

    [Fact]
    public void The_schema_is_closed_everywhere()
    {
        var schema = JsonNode.Parse(Repository.Read("helm", "viz-pipeline", "values.schema.json"))!;
        Check(schema);

        static void Check(JsonNode? node)
        {
            if (node is JsonObject o)
            {
                if (o["properties"] is not null)
                    Assert.False(o["additionalProperties"]!.GetValue<bool>());
                foreach (var (_, child) in o)
                    Check(child);
            }
        }
    }

    private static async Task Refused(string? values, string change, string named)
    {
        var result = await Helm.Template(values, change);
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains(named, result.Error);
    }
}
