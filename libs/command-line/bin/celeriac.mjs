#!/usr/bin/env node
// here and not in dist, so that npm finds it when it installs the workspace, which is before anything is built
import '../dist/celeriac.js';
