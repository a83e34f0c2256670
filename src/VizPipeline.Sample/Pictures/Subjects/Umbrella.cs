using SkiaSharp;

namespace VizPipeline.Sample.Pictures.Subjects;

/// <summary>An open umbrella with its panels and its crook.</summary>
internal static class Umbrella
{
    public static void Draw(Brush brush)
    {
        var dice = brush.Dice;
        var panels = dice.Whole(3, 6);
        var (color, other) = (brush.Palette.Main, dice.Chance(0.6f) ? brush.Palette.Third : Palette.Darker(brush.Palette.Main, 0.3f));
        const float Brim = 0.05f, Half = 0.95f;
        var stick = dice.Chance(0.5f) ? new SKColor(60, 40, 25) : brush.Palette.Unlike(brush.Palette.Back);
        brush.Line(stick, 0.07f, new SKPoint(0, -0.95f), new SKPoint(0, 0.8f));
        brush.Arc(dice.Pick(-0.15f, 0.15f), 0.8f, 0.15f, 0, 180, stick, 0.07f);

        using var dome = Outline.Draw(path =>
        {
            path.MoveTo(-Half, Brim);
            path.CubicTo(-Half, -1.1f, Half, -1.1f, Half, Brim);
            for (var panel = panels - 1; panel >= 0; panel--)
            {
                float left = -Half + 2 * Half * panel / panels, width = 2 * Half / panels;
                path.QuadTo(left + width / 2, Brim - 0.2f, left, Brim);
            }
            path.Close();
        });
        brush.Body(dome, color);

        brush.Canvas.Save();
        brush.Canvas.ClipPath(dome, antialias: true);
        for (var panel = 0; panel < panels; panel += 2)
        {
            float left = -Half + 2 * Half * panel / panels, width = 2 * Half / panels;
            using var wedge = Outline.Polygon(new(0, -0.85f), new(left, Brim + 0.05f), new(left + width, Brim + 0.05f));
            brush.Fill(wedge, other);
        }
        brush.Canvas.Restore();
        brush.Round(dome, dice.Between(0.1f, 0.5f));
    }
}
